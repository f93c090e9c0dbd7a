from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("indexes", "0001_before"), ("estate", "0002_shared")]
    operations = [
        TrigramExtension(),  # is there already, in the shared schema
        migrations.AddIndex("Book", GinIndex(fields=["tags"], name="indexes_book_tags")),
        migrations.AddIndex(
            "Book", GinIndex(fields=["data"], name="indexes_book_data", opclasses=["jsonb_path_ops"])
        ),
        migrations.AddIndex(
            "Book", GinIndex(OpClass(Lower("title"), name="gin_trgm_ops"), name="indexes_book_fuzzy")
        ),
    ]
