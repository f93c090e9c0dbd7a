"""Effects on the shared schema, and the way back from there."""

from django.db import connection, migrations
from django_tenants.utils import schema_context

from data.findings import write_down


def visit(apps, schema_editor):
    schema = connection.schema_name
    with schema_context("public"):
        write_to = apps.get_model("estate", "Species").objects
        write_to.get_or_create(name="seen by %s" % schema)
    write_down(apps, schema_editor, "after a visit")


class Migration(migrations.Migration):
    dependencies = [("data", "0007_prints"), ("estate", "0002_shared")]
    operations = [
        migrations.RunPython(visit, migrations.RunPython.noop),
        migrations.RunSQL(
            "INSERT INTO public.estate_species (name, endangered) VALUES ('told by ' || current_schema(), true)",
            migrations.RunSQL.noop,
        ),
    ]
