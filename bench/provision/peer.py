"""What we are compared with, in one process of the project: it says how many seconds one tenant took.

`peer.py save NAME` is Django's save(), with the domain; `peer.py clone NAME FROM` is clone_schema of
django-tenants, with the row and the domain.
"""

import os
import sys
import time

sys.path.insert(0, os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "estate.settings")

import django  # noqa: E402

django.setup()

from customers.models import Customer, Domain  # noqa: E402
from django.db import connection  # noqa: E402
from django_tenants.clone import CloneSchema  # noqa: E402

way, name, *source = sys.argv[1:]
connection.ensure_connection()
started = time.perf_counter()
tenant = Customer(schema_name=name, name=name)
if way == "clone":
    CloneSchema().clone_schema(source[0], name)
    tenant.auto_create_schema = False
tenant.save()
Domain.objects.create(domain=name + ".fleet.test", tenant=tenant, is_primary=True)
print("seconds", time.perf_counter() - started)
