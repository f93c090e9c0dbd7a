import django.db.models.deletion
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import migrations, models

from zoo.versions import check
from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Booking",
            [
                key(),
                ("stall", models.IntegerField()),
                ("during", DateTimeRangeField()),
                ("code", models.CharField(max_length=20)),
                ("price", models.DecimalField(decimal_places=2, default=0, max_digits=8)),
                ("cancelled", models.BooleanField(default=False)),
            ],
            options={"constraints": [check(models.Q(stall__lt=100), "constraints_booking_stall")]},
        ),
        migrations.CreateModel(
            "Line",
            [
                key(),
                ("text", models.TextField()),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="constraints.booking"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO constraints_booking (stall, during, code, price, cancelled)"
            " VALUES (1, '[2026-01-01 00:00+00, 2026-01-02 00:00+00)', 'a', 5, false)",
            migrations.RunSQL.noop,
        ),
    ]
