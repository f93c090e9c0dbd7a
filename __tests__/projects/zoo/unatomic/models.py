from django.db import models

from zoo.versions import check


class Herd(models.Model):
    name = models.CharField(max_length=40)
    size = models.IntegerField(default=0)
    rank = models.IntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["name"], name="unatomic_herd_name")]
        constraints = [
            check(models.Q(size__gte=0), "unatomic_herd_size_ok"),
            check(models.Q(rank__gte=0), "unatomic_herd_rank_ok"),
        ]
