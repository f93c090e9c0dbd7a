from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("unatomic", "0001_before")]
    operations = [
        AddIndexConcurrently("Herd", models.Index(fields=["name"], name="unatomic_herd_name")),
        RemoveIndexConcurrently("Herd", "unatomic_herd_size"),
    ]
