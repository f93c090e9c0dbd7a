from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("indexes", "0002_gin")]
    operations = [
        migrations.AddIndex(
            "Book",
            models.Index(
                fields=["shelf"], name="indexes_book_lent", condition=models.Q(lent=True), include=["title"]
            ),
        ),
        migrations.AddIndex(
            "Book", models.Index(Lower("title").desc(nulls_last=True), "shelf", name="indexes_book_lower")
        ),
    ]
