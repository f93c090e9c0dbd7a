from django.contrib import admin

from orders.models import Order, OrderLine


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ("pk", "email", "status", "placed", "total")
    list_filter = ("status",)
    date_hierarchy = "placed"
    readonly_fields = ("total",)
    inlines = (OrderLineInline,)

    def save_related(self, request, form, formsets, change) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.sum_up()
