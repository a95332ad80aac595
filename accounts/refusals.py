"""The page of what somebody may not do: who they are, what it takes, and ways on."""

from typing import Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles import ADMINISTRATOR, AUTHOR, IMPORTER, PUBLISHER, REVIEWER, ROLES, VIEWER

SUPERUSER: Final = "superuser"
_TAKES: Final = (VIEWER, AUTHOR, REVIEWER, PUBLISHER)
_IMPORTING: Final = ("check", "upload", "go-back", "act", "make-current", "delete")
# Who may come to pages, by the beginnings of the names of their addresses: the first that fits.
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    **{f"import-{name}": (IMPORTER,) for name in _IMPORTING},
    "importer_importrun_add": (IMPORTER,),
    "import": (IMPORTER, VIEWER),
    **dict.fromkeys(("take-write", "take-preview", "take-move", "analysis_take_add"), (AUTHOR,)),
    "take-act": (AUTHOR, REVIEWER, PUBLISHER),
    **dict.fromkeys(("take-", "analysis_take"), _TAKES),
    **{f"auth_group_{verb}": (SUPERUSER,) for verb in ("add", "delete")},
    "auth_user_delete": (SUPERUSER,),
    **dict.fromkeys(("auth_", "accounts_", "audit-"), (ADMINISTRATOR,)),
    "django_tasks_database_": (SUPERUSER,),
}


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403 with the roles that may, where they are known; nothing is said of what is there."""
    found, user = request.resolver_match, request.user
    held = sorted(user.groups.values_list("name", flat=True)) if user.is_authenticated else []
    needed = _needed(found.url_name or "" if found else "")
    # Who has the role is refused for another reason.
    lacking = not (user.is_authenticated and user.is_superuser) and needed.isdisjoint(held)
    shown = {
        **admin.site.each_context(request),
        "title": "This is not yours to do",
        "needed": " or ".join(role for role in (*ROLES, SUPERUSER) if lacking and role in needed),
        "has": held,
    }
    answer = render(request, "403.html", shown, status=403)
    answer["Cache-Control"] = "no-store"
    return answer


def _needed(name: str) -> frozenset[str]:
    found = (roles for begin, roles in NEEDED.items() if name.startswith(begin))
    return frozenset(next(found, ()))
