"""What is only done when the migration's transaction ends; the migration after it finds it done."""

from django.db import migrations, transaction

from data.findings import write_down


def when_committed(apps, schema_editor):
    transaction.on_commit(lambda: write_down(apps, schema_editor, "on_commit"))


class Migration(migrations.Migration):
    dependencies = [("unatomic", "0005_outside")]
    operations = [migrations.RunPython(when_committed, migrations.RunPython.noop)]
