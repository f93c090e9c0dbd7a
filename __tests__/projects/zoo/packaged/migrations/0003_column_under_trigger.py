"""A column that a trigger's condition names: django-pgtrigger's schema editor drops the trigger and makes it again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("packaged", "0002_trigger")]
    operations = [
        migrations.AlterField("Account", "balance", models.BigIntegerField(default=0)),
        migrations.RunSQL("INSERT INTO packaged_account (owner, balance) VALUES ('ben', -3)", ""),
    ]
