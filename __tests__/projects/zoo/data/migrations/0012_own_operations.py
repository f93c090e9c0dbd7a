from django.db import migrations, models

from data.operations import AddFieldWithIndex, CreateView


class Migration(migrations.Migration):
    dependencies = [("data", "0011_search_path")]
    operations = [
        AddFieldWithIndex("Path", "size", models.IntegerField(default=0)),
        migrations.AddField("Path", "last", models.IntegerField(null=True)),
        CreateView("data_paths", "Path", "id", "size", "last"),
    ]
