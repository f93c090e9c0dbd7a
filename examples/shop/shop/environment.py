"""What the environment says: every setting that differs between two servers comes through here."""

from collections.abc import Mapping
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

ENGINE = "django_tenants.postgresql_backend"
# Seconds that a worker keeps its database connection between requests.
CONNECTION_MAX_AGE = 60


def required(environment: Mapping[str, str], name: str) -> str:
    """The value of a variable without which the shop cannot start."""
    value = environment.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set")
    return value


def flag(environment: Mapping[str, str], name: str) -> bool:
    """True for 1, true, yes, on; false for everything else."""
    return environment.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def words(environment: Mapping[str, str], name: str) -> list[str]:
    """A comma-separated list, without blanks."""
    return [word.strip() for word in environment.get(name, "").split(",") if word.strip()]


def database(environment: Mapping[str, str]) -> dict[str, Any]:
    """Django's settings of the one database: DATABASE_URL, else DB_NAME and its companions."""
    if url := environment.get("DATABASE_URL"):
        return dict(
            dj_database_url.parse(
                url, engine=ENGINE, conn_max_age=CONNECTION_MAX_AGE, conn_health_checks=True
            )
        )
    if name := environment.get("DB_NAME"):
        return {
            "ENGINE": environment.get("DB_ENGINE") or ENGINE,
            "NAME": name,
            "USER": environment.get("DB_USER", ""),
            "PASSWORD": environment.get("DB_PASSWORD", ""),
            "HOST": environment.get("DB_HOST", ""),
            "PORT": environment.get("DB_PORT", ""),
            "CONN_MAX_AGE": CONNECTION_MAX_AGE,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured("Neither DATABASE_URL nor DB_NAME is set")
