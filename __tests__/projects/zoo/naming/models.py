from django.db import models


class Ranger(models.Model):
    name = models.CharField(max_length=20)


class Beast(models.Model):
    title = models.CharField(max_length=20)
    rangers = models.ManyToManyField(Ranger)

    class Meta:
        verbose_name = "wild beast"
        permissions = [("feed_beast", "Can feed the beast")]


class Pen(models.Model):
    beast = models.ForeignKey(Beast, models.CASCADE)
    place = models.IntegerField(default=0)

    class Meta:
        order_with_respect_to = "beast"


class Plant(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        db_table = "naming_flora"
        default_permissions = ("add", "water")


class Pet(Beast):
    class Meta:
        proxy = True


class Weather(models.Model):
    day = models.DateField(primary_key=True)

    class Meta:
        managed = False
        db_table = "naming_sky"
