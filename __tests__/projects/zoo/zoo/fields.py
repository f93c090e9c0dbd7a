from django.db import models


def key():
    """The primary key that Django gives a model, as its migrations write it."""
    field = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
    return ("id", field)


class MoodField(models.Field):
    """A column of a type that a migration made in the tenant's own schema."""

    def db_type(self, connection):
        return "columns_mood"


class AnyCaseField(models.TextField):
    """A column of a type that an extension brought into the shared schema."""

    def db_type(self, connection):
        return "citext"
