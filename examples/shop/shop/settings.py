"""Settings of the shop. Whatever differs between two servers is read from the environment."""

from os import environ
from pathlib import Path

from shop.environment import database, flag, required, words

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = required(environ, "SECRET_KEY")
DEBUG = flag(environ, "DEBUG")
RELEASE = environ.get("RELEASE") or "dev"

# `localhost` is how the container asks itself whether it is healthy (healthcheck.py).
ALLOWED_HOSTS = [*words(environ, "ALLOWED_HOSTS"), "localhost"]
CSRF_TRUSTED_ORIGINS = words(environ, "CSRF_TRUSTED_ORIGINS")

# Tenants. An app that stands in both lists has its tables in `public` and in every tenant's schema:
# the platform's staff and each shop's staff are different users.

SHARED_APPS = [
    "django_tenants",
    "customers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
TENANT_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "catalog",
    "orders",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

TENANT_MODEL = "customers.Customer"
TENANT_DOMAIN_MODEL = "customers.Domain"

DATABASES = {"default": database(environ)}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Requests

MIDDLEWARE = [
    "shop.middleware.ReleaseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Both answer without a tenant, so they stand before the one that insists on it.
    "shop.middleware.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_tenants.middleware.main.TenantMainMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
PUBLIC_SCHEMA_URLCONF = "shop.urls_public"
WSGI_APPLICATION = "shop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# TLS ends at the proxy in front.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

# Files: static ones belong to the release, uploads to a tenant (media/<schema>/…).

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = BASE_DIR / "media"
MULTITENANT_RELATIVE_MEDIA_ROOT = "%s"
STORAGES = {
    "default": {"BACKEND": "django_tenants.files.storage.TenantFileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# Django sends errors by mail when DEBUG is off; in a container they belong on standard error.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"tenant": {"()": "django_tenants.log.TenantContextFilter"}},
    "formatters": {"line": {"format": "%(levelname)s [%(schema_name)s] %(name)s: %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "filters": ["tenant"], "formatter": "line"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}

# For create_super_tenant: the domain on which the platform itself answers.
PUBLIC_DOMAIN = environ.get("PUBLIC_DOMAIN", "")

# For rehearsals: force the status of /health/, and start slowly.
SHOP_HEALTH_STATUS = int(environ.get("SHOP_HEALTH_STATUS") or 0)
SHOP_BOOT_DELAY = float(environ.get("SHOP_BOOT_DELAY") or 0)
