"""What was sold. These tables exist once in every tenant's schema."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q, Sum

from catalog.models import Product


class Status(models.TextChoices):
    PLACED = "placed", "Placed"
    PAID = "paid", "Paid"
    SHIPPED = "shipped", "Shipped"
    CANCELLED = "cancelled", "Cancelled"


class Order(models.Model):
    email = models.EmailField()
    status = models.CharField(max_length=20, choices=Status, default=Status.PLACED)
    placed = models.DateTimeField(auto_now_add=True)
    # Has its default in the database for the same reason as Product.description.
    total = models.DecimalField(max_digits=12, decimal_places=2, db_default=Decimal(0))

    class Meta:
        ordering = ("-placed",)
        indexes = (models.Index(fields=("status", "-placed"), name="order_status_placed"),)

    def __str__(self) -> str:
        return f"Order {self.pk}"

    def sum_up(self) -> None:
        """Brings the total in line with the order's lines."""
        lines = self.lines.aggregate(total=Sum(F("quantity") * F("unit_price")))
        self.total = lines["total"] or Decimal(0)
        self.save(update_fields=("total",))


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField(default=1)
    # The price on the day of the order; the product's own may change.
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orderline_quantity_positive"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"
