"""Can this release serve the host that was asked? The database answers, not the process alone."""

import logging

from django.apps import apps
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_tenants.middleware.main import TenantMainMiddleware

from customers.models import Customer

# The apps whose tables exist only in a tenant's schema.
TENANT_ONLY_APPS = ("catalog", "orders")

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database serves this host; 503 when it does not; 400 on a host not allowed."""
    connection.set_schema_to_public()
    host = TenantMainMiddleware.hostname_from_request(request)
    if settings.SHOP_HEALTH_STATUS:
        return _answer(settings.SHOP_HEALTH_STATUS, "forced", None)
    try:
        tenant = _enter_tenant(host)
    except Error as error:
        logger.exception("health of %s", host)
        return _answer(503, "error", None, error=type(error).__name__)
    return _answer(200, "ok", tenant)


def _enter_tenant(host: str) -> Customer | None:
    """The tenant of this host, if it has one, after reading from each of its tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    tenant = Customer.objects.filter(domains__domain=host).first()
    if tenant and tenant.schema_name != "public":
        connection.set_tenant(tenant)
        for app in TENANT_ONLY_APPS:
            for model in apps.get_app_config(app).get_models():
                # Reads every column that this release knows, so a missing one is noticed too.
                model.objects.order_by("pk").first()
    return tenant


def _answer(status: int, word: str, tenant: Customer | None, **more: str) -> JsonResponse:
    body = {
        "status": word,
        "release": settings.RELEASE,
        "schema": connection.schema_name,
        "tenant": tenant.name if tenant else None,
        **more,
    }
    return JsonResponse(body, status=status)
