from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Account",
            [
                key(),
                ("owner", models.CharField(max_length=40)),
                ("balance", models.IntegerField(default=0)),
            ],
        ),
    ]
