from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squash_none", "0001_initial")]
    operations = [migrations.AddField("Box", "colour", models.TextField(default=""))]
