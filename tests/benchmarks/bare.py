"""A bare Django: no middleware, no database, one view. What served pages are compared with."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="bare", MIDDLEWARE=[]
)


def hello(_request: HttpRequest) -> HttpResponse:
    """A word."""
    return HttpResponse("hello", headers={"Content-Length": "5"})


urlpatterns = [path("hello", hello)]
application = get_wsgi_application()
