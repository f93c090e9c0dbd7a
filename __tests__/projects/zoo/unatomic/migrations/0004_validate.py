"""A constraint that is added without a look at the rows, and looked after in a second step."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

from zoo.versions import check


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("unatomic", "0003_steps")]
    operations = [
        AddConstraintNotValid("Herd", check(models.Q(size__gte=0), "unatomic_herd_size_ok")),
        ValidateConstraint("Herd", "unatomic_herd_size_ok"),
        AddConstraintNotValid("Herd", check(models.Q(rank__gte=0), "unatomic_herd_rank_ok")),
    ]
