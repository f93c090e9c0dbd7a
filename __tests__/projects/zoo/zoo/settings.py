"""A project with a migration of every kind: an app is a subject, a migration is a kind.

Yesterday's release has the migrations called *_before and nothing else, and fewer apps (ZOO_RELEASE).
"""

import os

import django

SECRET_KEY = "only for tests"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "zoo.urls"

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
DATABASE_ROUTERS = ["zoo.routers.Cage", "django_tenants.routers.TenantSyncRouter"]

TENANT_MODEL = "estate.Park"
TENANT_DOMAIN_MODEL = "estate.Gate"
AUTH_USER_MODEL = "people.Person"

SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "estate", "both", "watch"]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.postgres",
    "both",
    "people",
    "data",
    "unatomic",
    "indexes",
    "constraints",
    "columns",
    "naming",
    "relations",
    "late",
    "squash_none",
    "squash_some",
    "squash_all",
    "routed",
    "bare",
]
if django.VERSION >= (5, 0):
    TENANT_APPS += ["modern"]
if os.environ.get("ZOO_RELEASE") != "yesterday":
    TENANT_APPS += ["early", "taggit"]
    if os.environ.get("ZOO_APPS") == "quiet":  # nobody but Django listens to its signals
        SHARED_APPS.remove("watch")
    else:
        TENANT_APPS += ["pgtrigger", "pghistory", "packaged"]
    if os.environ.get("ZOO_APPS") == "strange":  # a migration of which nobody can know what it does
        TENANT_APPS += ["strange"]
    if os.environ.get("ZOO_APPS") == "backend":  # a schema editor that goes about everything in another way
        ORIGINAL_BACKEND = "django_zero_downtime_migrations.backends.postgres"
        # It fails at these by itself: at an index that goes with the type of its column, and at AddConstraintNotValid.
        TENANT_APPS.remove("columns")
        TENANT_APPS.remove("unatomic")
INSTALLED_APPS = list(dict.fromkeys(SHARED_APPS + TENANT_APPS))
# django-pgtrigger gives makemigrations an autodetector of its own, which django-tenants' migrate does not get.
SILENCED_SYSTEM_CHECKS = ["commands.E001"]
