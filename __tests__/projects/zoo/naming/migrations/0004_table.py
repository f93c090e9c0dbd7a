from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("naming", "0003_rename_twice")]
    operations = [
        migrations.AlterModelTable("Plant", "naming_flora"),
        migrations.DeleteModel("Stone"),
        migrations.AlterOrderWithRespectTo("Pen", "beast"),
    ]
