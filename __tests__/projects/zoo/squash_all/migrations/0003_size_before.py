from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squash_all", "0002_colour_before")]
    operations = [migrations.AddField("Box", "size", models.IntegerField(default=1))]
