"""AutoField to BigAutoField: of an identity column, of a serial one; the columns that point at them follow."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("columns", "0004_alter")]
    operations = [
        migrations.AlterField("Identity", "id", models.BigAutoField(primary_key=True, serialize=False)),
        migrations.AlterField("Serial", "id", models.BigAutoField(primary_key=True, serialize=False)),
    ]
