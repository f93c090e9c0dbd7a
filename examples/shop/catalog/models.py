"""What a shop sells. These tables exist once in every tenant's schema."""

from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    active = models.BooleanField(default=True)
    image = models.FileField(upload_to="products/", blank=True)
    # A default in the database: the previous release, which does not know the column, can still
    # add products while this one is being deployed.
    description = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
