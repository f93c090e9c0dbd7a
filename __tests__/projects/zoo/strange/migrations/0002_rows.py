from django.db import migrations


def odd(apps, schema_editor):
    apps.get_model("strange", "Oddity").objects.create(name="odd", count=apps.get_model("naming", "Beast").objects.count())


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]
    operations = [migrations.RunPython(odd, migrations.RunPython.noop)]
