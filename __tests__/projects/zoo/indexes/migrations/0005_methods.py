from django.contrib.postgres.indexes import BrinIndex, BTreeIndex, GistIndex, HashIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("indexes", "0004_rename_index")]
    operations = [
        migrations.AddIndex("Book", BrinIndex(fields=["shelf"], name="indexes_book_brin", pages_per_range=4)),
        migrations.AddIndex("Book", HashIndex(fields=["title"], name="indexes_book_hash")),
        migrations.AddIndex("Book", GistIndex(fields=["season"], name="indexes_book_gist", fillfactor=70)),
        migrations.AddIndex(
            "Book",
            BTreeIndex(fields=["lent", "-title"], name="indexes_book_btree", fillfactor=60),
        ),
        migrations.RemoveIndex("Book", "indexes_book_gone"),
    ]
