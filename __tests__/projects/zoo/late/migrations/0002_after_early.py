from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("late", "0001_before")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO late_visit (name) SELECT 'early has ' || count(*) FROM early_door",
            migrations.RunSQL.noop,
        ),
    ]
