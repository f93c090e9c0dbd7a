"""A shop's window."""

from django.core.files.storage import default_storage
from django.db import connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.static import serve

from catalog.models import Product


def home(request: HttpRequest) -> HttpResponse:
    """The products on sale."""
    products = Product.objects.filter(active=True).select_related("category")
    return render(request, "catalog/home.html", {"products": products})


def media(request: HttpRequest, schema: str, name: str) -> FileResponse:
    """An uploaded file. A tenant's domain serves that tenant's files only."""
    if schema != connection.schema_name:
        raise Http404
    return serve(request, name, document_root=default_storage.location)
