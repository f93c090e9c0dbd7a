from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models


class Person(AbstractBaseUser):
    USERNAME_FIELD = "email"

    email = models.EmailField(unique=True)
    nickname = models.CharField(max_length=30, blank=True, default="")


class Badge(models.Model):
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    number = models.PositiveSmallIntegerField()
