"""AlterField: types, lengths, null to not null; and one that changes nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("columns", "0003_custom_types")]
    operations = [
        migrations.AlterField("Thing", "title", models.TextField()),
        migrations.AlterField("Thing", "count", models.BigIntegerField(default=0)),
        migrations.AlterField("Thing", "digits", models.IntegerField(null=True)),
        migrations.AlterField("Thing", "short", models.CharField(max_length=10)),
        migrations.AlterField(
            "Thing", "filled", models.CharField(default="filled", max_length=20), preserve_default=False
        ),
        migrations.AlterField("Thing", "price", models.DecimalField(decimal_places=4, default=0, max_digits=12)),
        migrations.AlterField(
            "Thing",
            "choice",
            models.CharField(choices=[("a", "A"), ("b", "B")], default="b", max_length=5),
        ),
    ]
