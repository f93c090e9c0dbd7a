"""django-add-default-value: its operation takes the vendor and the name of the migration's connection."""

from django_add_default_value import AddDefaultValue
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("packaged", "0004_trigger_gone")]
    operations = [
        migrations.AddField("Account", "rate", models.IntegerField(default=7)),
        AddDefaultValue("Account", "rate", 7),
    ]
