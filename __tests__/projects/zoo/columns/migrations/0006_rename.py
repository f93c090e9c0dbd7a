"""RenameField, another db_column, RemoveField, comments."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("columns", "0005_auto")]
    operations = [
        migrations.RenameField("Thing", "old", "renamed"),
        migrations.AlterField(
            "Thing", "named", models.CharField(db_column="called", default="", max_length=20)
        ),
        migrations.RemoveField("Thing", "gone"),
        migrations.AddField(
            "Thing", "noted", models.IntegerField(db_comment="how often; it's noted", null=True)
        ),
        migrations.AlterModelTableComment("Thing", "things; all of them"),
    ]
