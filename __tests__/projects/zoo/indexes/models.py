from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.indexes import BrinIndex, BTreeIndex, GinIndex, GistIndex, HashIndex, OpClass
from django.db import models
from django.db.models.functions import Lower


class Book(models.Model):
    title = models.CharField(max_length=100)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    data = models.JSONField(default=dict)
    shelf = models.IntegerField(null=True)
    lent = models.BooleanField(default=False)
    season = DateRangeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["title"], name="indexes_book_by_title"),
            GinIndex(fields=["tags"], name="indexes_book_tags"),
            GinIndex(fields=["data"], name="indexes_book_data", opclasses=["jsonb_path_ops"]),
            GinIndex(OpClass(Lower("title"), name="gin_trgm_ops"), name="indexes_book_fuzzy"),
            models.Index(
                fields=["shelf"],
                name="indexes_book_lent",
                condition=models.Q(lent=True),
                include=["title"],
            ),
            models.Index(Lower("title").desc(nulls_last=True), "shelf", name="indexes_book_lower"),
            BrinIndex(fields=["shelf"], name="indexes_book_brin", pages_per_range=4),
            HashIndex(fields=["title"], name="indexes_book_hash"),
            GistIndex(fields=["season"], name="indexes_book_gist", fillfactor=70),
            BTreeIndex(fields=["lent", "-title"], name="indexes_book_btree", fillfactor=60),
        ]


class Shelf(models.Model):
    aisle = models.IntegerField()
    row = models.IntegerField()
    label = models.CharField(max_length=10, db_index=True)

    class Meta:
        unique_together = [("row", "label")]
        indexes = [models.Index(fields=["aisle", "row"], name="indexes_shelf_place")]
