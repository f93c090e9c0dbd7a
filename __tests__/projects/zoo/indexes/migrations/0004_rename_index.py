"""RenameIndex by its name, and from index_together, whose names nobody chose."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("indexes", "0003_partial")]
    operations = [
        migrations.RenameIndex("Book", new_name="indexes_book_by_title", old_name="indexes_book_title"),
        migrations.RenameIndex("Shelf", new_name="indexes_shelf_place", old_fields=("aisle", "row")),
    ]
