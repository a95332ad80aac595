"""Which database a request reads from: public pages from a copy, where there is one.

All of a page comes from one database, so a copy that lags behind shows one whole edition, the one
before, until it has caught up. The address of the copy must be that of one server: behind one that
deals statements out to several, a page could be made of two states.
"""

from collections.abc import Callable
from contextvars import ContextVar

from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase

REPLICA = "replica"
# What stands below these is for the staff, who see at once what they have done, and for machines
# that ask how the first database is.
FROM_FIRST = ("/admin", "/healthz", "/readyz", "/metrics")
_reads_copy: ContextVar[bool] = ContextVar("reads_copy", default=False)


class Router:
    """Reads of public pages go to the copy; all else, and every write, to the first database."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str:  # noqa: ARG002 -- Django's
        """The database that the request at hand reads from."""
        return REPLICA if _reads_copy.get() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **_hints: object) -> str:  # noqa: ARG002
        """The first database."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_objects: Model, **_hints: object) -> bool:
        """Both databases hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:  # noqa: ARG002
        """A copy gets its tables as it gets its rows."""
        return db == DEFAULT_DB_ALIAS


def choose_database(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, the first of all that read: says where a request reads until it is answered."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        _reads_copy.set(not request.path.startswith(FROM_FIRST))
        return answer(request)

    return respond


def read_as_readers_do() -> None:
    """Have this thread, which answers no request, read where those for public pages do."""
    _reads_copy.set(True)


def _read_from_first(**_kwargs: object) -> None:
    _reads_copy.set(False)


# Files are still being made when the middleware is through with them.
request_finished.connect(_read_from_first)
