from django.db import migrations


def odd(apps, schema_editor):
    beasts = apps.get_model("naming", "Beast").objects.count()
    apps.get_model("strange", "Oddity").objects.create(name="odd", count=beasts)


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]
    operations = [migrations.RunPython(odd, migrations.RunPython.noop)]
