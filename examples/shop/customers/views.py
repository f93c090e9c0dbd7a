"""The platform's public page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_tenants.utils import get_public_schema_name

from customers.models import Customer


def landing(request: HttpRequest) -> HttpResponse:
    """How many shops trade here."""
    shops = Customer.objects.exclude(schema_name=get_public_schema_name()).count()
    return render(request, "customers/landing.html", {"shops": shops})
