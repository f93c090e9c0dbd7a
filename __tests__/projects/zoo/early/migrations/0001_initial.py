"""run_before: late.0002 has to wait for this one, and does not know it."""

from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    run_before = [("late", "0002_after_early")]
    operations = [
        migrations.CreateModel("Door", [key(), ("name", models.TextField())]),
    ]
