"""Renamed twice in one migration; the fields that are named after it, too."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("naming", "0002_rename_model")]
    operations = [
        migrations.RenameModel("Keeper", "Warden"),
        migrations.RenameField("Beast", "keepers", "wardens"),
        migrations.RenameModel("Warden", "Ranger"),
        migrations.RenameField("Beast", "wardens", "rangers"),
        migrations.RenameField("Beast", "name", "title"),
        migrations.RenameField("Pen", "animal", "beast"),
    ]
