"""Two kinds of tenant, and a shared schema that is not called public."""

import os

SECRET_KEY = "only for tests"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": os.environ["DB_NAME"],
        "USER": os.environ.get("DB_USER", ""),
        "PASSWORD": os.environ.get("DB_PASSWORD", ""),
        "HOST": os.environ.get("DB_HOST", ""),
        "PORT": os.environ.get("DB_PORT", ""),
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

PUBLIC_SCHEMA_NAME = "shared"
TENANT_MODEL = "estate.Holding"
TENANT_DOMAIN_MODEL = "estate.Address"
HAS_MULTI_TYPE_TENANTS = True
MULTI_TYPE_DATABASE_FIELD = "kind"
TENANT_TYPES = {
    "shared": {
        "APPS": ["django_tenants", "django.contrib.contenttypes", "estate"],
        "URLCONF": "kinds.urls",
    },
    "farm": {"APPS": ["django.contrib.contenttypes", "farming"], "URLCONF": "kinds.urls"},
    "flat": {"APPS": ["django.contrib.contenttypes", "renting"], "URLCONF": "kinds.urls"},
}
INSTALLED_APPS = list(dict.fromkeys(app for kind in TENANT_TYPES.values() for app in kind["APPS"]))

print("a line on standard output: projects print while they are imported")
