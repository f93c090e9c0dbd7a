from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squash_some", "0002_colour")]
    operations = [migrations.AddField("Box", "size", models.IntegerField(default=1))]
