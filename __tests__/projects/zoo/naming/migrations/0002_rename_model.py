"""RenameModel: foreign keys, many-to-many tables and the content type follow."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("naming", "0001_before"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [migrations.RenameModel("Animal", "Beast")]
