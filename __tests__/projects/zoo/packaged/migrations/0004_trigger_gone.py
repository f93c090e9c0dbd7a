import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("packaged", "0003_column_under_trigger")]
    operations = [pgtrigger.migrations.RemoveTrigger("account", "positive")]
