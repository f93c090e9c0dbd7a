from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20)


class Author(models.Model):
    name = models.CharField(max_length=20)
    species = models.ForeignKey("estate.Species", models.PROTECT, null=True)
    seen = models.ManyToManyField("estate.Species", related_name="seen_by")
    tags = models.ManyToManyField(Tag)
    friends = models.ManyToManyField("self", through="Friendship")
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="pupils")
    loose = models.ForeignKey(Tag, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    home = models.OneToOneField(Tag, models.CASCADE, null=True, related_name="home_of")


class Writer(Author):
    pen_name = models.CharField(max_length=20)


class Friendship(models.Model):
    one = models.ForeignKey(Author, models.CASCADE, related_name="+")
    other = models.ForeignKey(Author, models.CASCADE, related_name="+")
    since = models.IntegerField(default=2026)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="relations_friends_once")]
