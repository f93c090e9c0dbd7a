from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("unatomic", "0006_on_commit")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO data_finding (name, value)"
            " SELECT 'rows of on_commit', count(*) FROM data_finding WHERE name LIKE 'on_commit%'",
            migrations.RunSQL.noop,
        ),
    ]
