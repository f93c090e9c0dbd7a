"""run_before: late.0002 has to wait for this one, and does not know it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    run_before = [("late", "0002_after_early")]
    operations = [
        migrations.CreateModel("Door", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("name", models.TextField())]),
    ]
