"""AUTH_USER_MODEL is not auth.User: what points at it follows the setting."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    dependencies = [("people", "0001_before"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("Person", "nickname", models.CharField(blank=True, default="", max_length=30)),
        migrations.CreateModel(
            "Badge",
            [
                key(),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
