"""The folder that Takes are kept in as files: what each is called, reading all, writing one."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from analysis.takefiles.problems import BadTakesError, FileProblem
from analysis.takefiles.reading import ReadFile, read_take
from analysis.takefiles.shape import STIX_ID
from library.addresses import SHORT_ADDRESS
from library.identifiers import type_of

LONGEST_FILE: Final = 10_000_000
LONGEST_ID: Final = 40


def lasting_name(stix_id: str) -> str:
    """The name of a Take's file that no other object shares."""
    return f"objects/{stix_id}.yaml"


def short_name(stix_id: str, attack_id: str) -> str:
    """The name by ATT&CK ID, `mitigations/M1037.yaml`; the lasting one where that makes none."""
    kind = type_of(stix_id.partition("--")[0])
    if kind.is_known and len(attack_id) <= LONGEST_ID and SHORT_ADDRESS.fullmatch(attack_id):
        return f"{kind.path}/{attack_id}.yaml"
    return lasting_name(stix_id)


def file_names(objects: Mapping[str, str]) -> dict[str, str]:
    """The file name of each object, of which the ATT&CK ID is given by STIX id.

    Where MITRE gave several of them one ID, each has its lasting name.
    """
    short = {stix_id: short_name(stix_id, attack_id) for stix_id, attack_id in objects.items()}
    shared = Counter(short.values())
    return {
        stix_id: name if shared[name] == 1 else lasting_name(stix_id)
        for stix_id, name in short.items()
    }


def read_folder(folder: Path) -> list[ReadFile]:
    """Every file of a folder by name, read; no query.

    Raises BadTakesError where the folder cannot be read, or there is nothing in it.
    """
    files = [_read(folder, name) for name in take_names(folder)]
    if not files:
        raise BadTakesError([FileProblem(str(folder), 0, "", "there is no .yaml file in it")])
    return files


def take_names(folder: Path) -> list[str]:
    """The names of all YAML files in a folder, and of links that may stand for some, in order."""
    if not folder.is_dir():
        raise BadTakesError([FileProblem(str(folder), 0, "", "there is no such folder")])
    try:
        return sorted(_yaml_in(folder, ""))
    except OSError as error:
        raise BadTakesError([FileProblem(str(folder), 0, "", f"{error.strerror}")]) from None


def _yaml_in(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            # Links are not followed: they can lead anywhere, and round in circles.
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    yield from _yaml_in(Path(entry), f"{name}/")
            elif not entry.name.startswith(".") and (
                name.endswith((".yaml", ".yml")) or entry.is_dir()
            ):
                yield name


def _read(folder: Path, name: str) -> ReadFile:
    try:
        return read_take(name, _content(folder / name))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        reason = str(error)
    return ReadFile.unread(FileProblem(name, 0, "", reason))


def _content(path: Path) -> bytes:
    """The bytes of a file; OSError or ValueError where it is none, or too large."""
    if path.is_symlink():
        raise ValueError("this is a link, not a file")
    # A pipe would have us wait for whoever writes to it.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("this is not a file")
        content = file.read(LONGEST_FILE + 1)
    if len(content) > LONGEST_FILE:
        raise ValueError(f"larger than {LONGEST_FILE:,} bytes")
    return content


def name_problems(files: Iterable[ReadFile]) -> Iterator[FileProblem]:
    """Files that are not called after the object inside, and objects that have two."""
    by_object: dict[str, str] = {}
    for file in files:
        stix_id, attack_id = file.tree.data.get("stix_id"), file.tree.data.get("attack_id", "")
        if not isinstance(stix_id, str) or not re.fullmatch(STIX_ID, stix_id):
            continue
        if not isinstance(attack_id, str):
            continue
        fitting = dict.fromkeys([short_name(stix_id, attack_id), lasting_name(stix_id)])
        if file.name not in fitting:
            said = f"the Take inside belongs in {' or '.join(fitting)}"
            yield FileProblem(file.name, 0, "", said)
        if stix_id in by_object:
            said = f"{by_object[stix_id]} is about the same object"
            yield file.problem(("stix_id",), said)
        by_object.setdefault(stix_id, file.name)


def write_file(folder: Path, name: str, content: bytes) -> bool:
    """Write a file of a folder whole or not at all; False where it is so already.

    Raises BadTakesError where it cannot be written.
    """
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent.is_symlink():
            raise ValueError("its folder is a link, which may lead anywhere")
        if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
            return False
        _replace(path, content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadTakesError([FileProblem(name, 0, "", f"cannot be written: {reason}")]) from None
    except ValueError as error:
        raise BadTakesError([FileProblem(name, 0, "", str(error))]) from None
    return True


def _replace(path: Path, content: bytes) -> None:
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        made.write_bytes(content)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
