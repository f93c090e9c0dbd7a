"""Fields with a db_type of their own: an enumeration in the tenant's schema, citext in the shared one."""

from django.contrib.postgres.operations import CITextExtension
from django.db import migrations, models

import zoo.fields


class Migration(migrations.Migration):
    dependencies = [("columns", "0002_add"), ("estate", "0002_shared")]
    operations = [
        CITextExtension(),  # is there already, in the shared schema
        migrations.RunSQL("CREATE TYPE columns_mood AS ENUM ('calm', 'wild')", "DROP TYPE columns_mood"),
        migrations.AddField("Thing", "mood", zoo.fields.MoodField(default="calm")),
        migrations.AddField("Thing", "email", zoo.fields.AnyCaseField(db_index=True, default="")),
    ]
