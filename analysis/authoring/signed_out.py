"""What an author wrote, shown again where it came after their session had ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from analysis.authoring.form import WritingForm

type View = Callable[..., HttpResponse]


def giving_back(view: View) -> View:
    """A page of the admin site that shows what a stranger sent to it, to be copied.

    The sign-in to which they would be led else has no place for it.
    """

    @wraps(view)
    def respond(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "POST" and not admin.site.has_permission(request):
            return _given_back(request)
        return view(request, *args, **kwargs)

    return respond


@never_cache
@csrf_protect
def _given_back(request: HttpRequest) -> HttpResponse:
    back = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    shown = {
        **admin.site.each_context(request),
        "title": "Nothing was saved",
        "form": WritingForm.sent(request.POST),
        "sign_in": f"{reverse('admin:login')}?{back}",
    }
    return render(request, "analysis/authoring/signed_out.html", shown, status=401)
