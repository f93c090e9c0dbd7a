from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squash_some", "0001_before")]
    operations = [migrations.AddField("Box", "colour", models.TextField(default=""))]
