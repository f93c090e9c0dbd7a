"""What Django calls by another name from one version to the next."""

import django
from django.db import models


def check(condition, name):
    keyword = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(**{keyword: condition, "name": name})
