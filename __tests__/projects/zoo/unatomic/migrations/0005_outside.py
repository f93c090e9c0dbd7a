"""What PostgreSQL refuses inside a transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("unatomic", "0004_validate")]
    operations = [
        migrations.RunSQL("VACUUM unatomic_herd", migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY unatomic_herd_once ON unatomic_herd (name)",
            "DROP INDEX CONCURRENTLY unatomic_herd_once",
        ),
    ]
