"""What the pages of the console share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from importer.roles import DELETE, START, SWITCH


def demand(request: HttpRequest, permission: str) -> None:
    """Go on where the user has a permission; else PermissionDenied."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def actor_of(request: HttpRequest) -> str:
    """The name that acts are recorded under."""
    return request.user.get_username()


def shown(request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
    """What a template of the console needs: the admin site's own, and what the user may do."""
    return {
        **admin.site.each_context(request),
        "title": title,
        "may_start": request.user.has_perm(START),
        "may_switch": request.user.has_perm(SWITCH),
        "may_delete": request.user.has_perm(DELETE),
        **more,
    }
