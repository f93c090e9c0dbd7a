"""URLs of the public schema: the platform that rents out shops."""

from django.urls import path

from customers.admin import platform
from customers.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("admin/", platform.urls),
]
