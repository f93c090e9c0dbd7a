from django.contrib import admin

from catalog.models import Category, Product

admin.site.register(Category)


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "category", "price", "active")
    list_filter = ("active", "category")
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name",)
