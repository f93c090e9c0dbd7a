"""Writes down each schema that an executor is done with: how far a run came that was ended before its end."""

import time
from os import environ

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self):
        from django_tenants.signals import schema_migrated

        schema_migrated.connect(tell)


def tell(schema_name, **_):
    path = environ.get("FLEET_TOLD")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write("%s %.3f\n" % (schema_name, time.time()))
