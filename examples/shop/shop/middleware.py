"""What every request meets before its tenant is known."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shop.health import health

HEALTH_PATH = "/health/"

GetResponse = Callable[[HttpRequest], HttpResponse]


class ReleaseMiddleware:
    """Every answer names the release that gave it, in the header X-Release."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["X-Release"] = settings.RELEASE
        return response


class HealthMiddleware:
    """Answers /health/ on every allowed host, also on one that belongs to no tenant."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == HEALTH_PATH:
            return health(request)
        return self.get_response(request)
