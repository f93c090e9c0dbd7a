from django.db import migrations


def yaks(apps, schema_editor):
    yak = apps.get_model("estate", "Species").objects.get(name="yak")
    for author in apps.get_model("relations", "Author").objects.all():
        author.species = yak
        author.save()
        author.seen.add(yak)


class Migration(migrations.Migration):
    dependencies = [("relations", "0002_shared_foreign_key")]
    operations = [migrations.RunPython(yaks, migrations.RunPython.noop)]
