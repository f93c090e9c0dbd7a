"""The platform's own administration. It is not reachable on a tenant's domain."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django_tenants.admin import TenantAdminMixin

from customers.models import Customer, Domain

platform = admin.AdminSite(name="platform")
platform.register(User, UserAdmin)
platform.register(Group, GroupAdmin)


class DomainInline(admin.TabularInline):
    model = Domain
    extra = 0


@admin.register(Customer, site=platform)
class CustomerAdmin(TenantAdminMixin, admin.ModelAdmin):
    list_display = ("name", "schema_name", "plan", "created")
    list_filter = ("plan",)
    search_fields = ("name", "schema_name", "domains__domain")
    inlines = (DomainInline,)

    def get_readonly_fields(self, request, obj=None):
        # A schema is renamed with `manage.py rename_schema`, never by editing its row.
        return ("schema_name",) if obj else ()
