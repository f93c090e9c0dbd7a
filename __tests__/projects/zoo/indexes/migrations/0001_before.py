from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Book",
            [
                key(),
                ("title", models.CharField(max_length=100)),
                ("tags", ArrayField(models.CharField(max_length=20), default=list)),
                ("data", models.JSONField(default=dict)),
                ("shelf", models.IntegerField(null=True)),
                ("lent", models.BooleanField(default=False)),
                ("season", DateRangeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["title"], name="indexes_book_title"),
                    models.Index(fields=["lent"], name="indexes_book_gone"),
                ]
            },
        ),
        migrations.CreateModel(
            "Shelf",
            [
                key(),
                ("aisle", models.IntegerField()),
                ("row", models.IntegerField()),
                ("label", models.CharField(max_length=10)),
            ],
            options={"unique_together": {("aisle", "label")}, "index_together": {("aisle", "row")}},
        ),
    ]
