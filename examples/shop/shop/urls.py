"""URLs of a tenant: one shop. /health/ is answered before, in shop.middleware."""

from django.contrib import admin
from django.urls import path

from catalog.views import home, media

urlpatterns = [
    path("", home, name="home"),
    path("media/<slug:schema>/<path:name>", media, name="media"),
    path("admin/", admin.site.urls),
]
