"""What a form of the staff's site is, to be sent as it should be and as it should not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.hostile.corpus import Value
from tests.hostile.world import World

type Sent = dict[str, Any]


class Upload(SimpleUploadedFile):
    """A file that can be sent again."""

    def read(self, *arguments: Any) -> bytes:
        """All of it, from the beginning."""
        self.seek(0)
        found: bytes = super().read(*arguments)
        return found


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the staff's site."""

    name: str
    path: Callable[[World], str]
    valid: Callable[[World], Sent]
    """What would be done."""

    strict: tuple[str, ...] = ()
    """Fields of which a hostile value alone is refused; in the others any text may stand."""

    who: str = "staff"
    device: str = ""
    """With whose codes they have signed in."""

    once: bool = True
    """Whether what has been done cannot be done again by sending it again."""

    changes: bool = True
    """Whether it does anything."""

    own: bool = False
    """Whether it is about nobody but who sends it, and so everybody's."""

    grows: tuple[str, ...] = ()
    """Tables that a try changes though it is refused."""

    file: str = ""
    """The field that takes a file, which a test of files is about; here text stands in it."""

    means: Callable[[Value], bool] = lambda _value: False
    """Whether a value means something in a field that is strict, and is none to be refused."""


def at(name: str, *arguments: Callable[[World], Any]) -> Callable[[World], str]:
    """Where a form goes, by the name of its address and what stands in it."""
    return lambda world: reverse(f"admin:{name}", args=[given(world) for given in arguments])


def nothing(_world: World) -> Sent:
    """What a form sends that has no field but its token."""
    return {}
