"""The tenant of the public schema, and its domain. Running it again changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django_tenants.utils import get_public_schema_name

from customers.models import Customer, Domain, Plan


class Command(BaseCommand):
    help = "Makes sure that the public tenant and its domain exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--domain",
            default=settings.PUBLIC_DOMAIN,
            help="host name of the platform (default: the variable PUBLIC_DOMAIN)",
        )
        parser.add_argument("--name", default="Shop", help="name of the platform (default: Shop)")

    @transaction.atomic
    def handle(self, *args: Any, domain: str, name: str, **options: Any) -> None:
        if not domain:
            raise CommandError("No domain: set PUBLIC_DOMAIN, or give --domain.")

        schema = get_public_schema_name()
        tenant = Customer.objects.filter(schema_name=schema).first()
        tenant_is_new = tenant is None
        if tenant is None:
            tenant = Customer(schema_name=schema, name=name, plan=Plan.BUSINESS)
            # The schema is there already, and a failed save drops the schema that it manages.
            tenant.auto_create_schema = False
            tenant.save()

        host, host_is_new = Domain.objects.get_or_create(domain=domain, defaults={"tenant": tenant})
        if host.tenant_id != tenant.pk:
            raise CommandError(f"{domain} belongs to the tenant {host.tenant.schema_name}.")

        if tenant_is_new or host_is_new:
            self.stdout.write(self.style.SUCCESS(f"{tenant.name} answers on {domain}."))
        else:
            self.stdout.write(f"{tenant.name} answers on {domain} already: nothing to do.")
