"""The superuser of a tenant, made by the project's own user model.

The password is only ever in the request, in this process's memory and, hashed, in the database.
"""

import os
import secrets

import tenant_journal
from tenant_proof import table_exists


def look(person, head, tenant, schema, tenant_type):
    """Where the superuser belongs, whether there is one, and what is wrong with what was asked for."""
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    if not apps.is_installed("django.contrib.auth"):
        return found(None, None, ["superuser-email: the project has no django.contrib.auth"])
    user_model = get_user_model()
    where = home_of(user_model, head, schema, tenant_type)
    if where is None:
        label = user_model._meta.label
        return found(where, None, ["the project’s user model %s has no table there" % label])
    problems = []
    try:
        validate_email(person["email"])
    except ValidationError as error:
        problems.append("superuser-email: %s" % " ".join(error.messages))
    values, missing = values_of(user_model, person)
    problems += [
        "superuser: %s needs the field %s — give env the variable %s"
        % (user_model.__name__, name, variable_of(name))
        for name in missing
    ]
    existing = None
    if not missing and (where == "shared" or tenant is not None):
        with at_home(where, tenant):
            existing = standing_of(user_model, values, head.connection, schema, where)
    if existing == "other":
        problems.append(
            "superuser-username: %s exists and is no superuser" % values[user_model.USERNAME_FIELD]
        )
    if existing is None and not missing:
        problems += wrong_values(user_model, values, person["password"])
    return found(where, existing == "superuser", problems)


def found(where, exists, problems):
    return {"where": where, "exists": bool(exists), "problems": problems}


def home_of(user_model, head, schema, tenant_type):
    """In the tenant's schema where the project keeps users there, else in the shared one."""
    meta = user_model._meta
    for where, kind in (("tenant", head.kind_of(schema, tenant_type)), ("shared", head.kinds[0])):
        if kind is not None and kind.allows(meta.app_label, meta.model_name):
            return "shared" if kind is head.kinds[0] else where
    return None


def values_of(user_model, person):
    """The values for create_superuser; more of them as Django's createsuperuser reads them."""
    name_field, email_field = user_model.USERNAME_FIELD, user_model.get_email_field_name()
    values = {name_field: person["username"] or person["email"]}
    names = {field.name for field in user_model._meta.get_fields()}
    if email_field in names:
        values[email_field] = person["email"]
    missing = []
    for name in user_model.REQUIRED_FIELDS:
        if name in values:
            continue
        given = os.environ.get(variable_of(name))
        if given:
            values[name] = user_model._meta.get_field(name).clean(given, None)
        else:
            missing.append(name)
    return values, missing


def variable_of(name):
    return "DJANGO_SUPERUSER_%s" % name.upper()


def wrong_values(user_model, values, password):
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    user = user_model(**{k: v for k, v in values.items() if not is_many(user_model, k)})
    problems = []
    try:
        # Whether it is unique is asked where its table is.
        email = user_model.get_email_field_name()  # which is looked at whatever the field is
        looked_at = set(values) - {email}
        user.clean_fields(exclude=[name for name in every_field(user_model) if name not in looked_at])
    except ValidationError as error:
        problems += [
            "superuser: %s: %s" % (name, " ".join(messages))
            for name, messages in error.message_dict.items()
        ]
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            problems.append("superuser-password: %s" % " ".join(error.messages))
    return problems


def every_field(model):
    return [field.name for field in model._meta.fields]


def is_many(model, name):
    return model._meta.get_field(name).many_to_many


def at_home(where, tenant):
    from django_tenants.utils import get_public_schema_name, schema_context, tenant_context

    if where == "shared":
        return schema_context(get_public_schema_name())
    return tenant_context(tenant)


def standing_of(user_model, values, connection, schema, where):
    """`superuser`, `other`, or None; also None where the table is not there yet."""
    if where == "tenant" and not table_exists(connection, schema, user_model._meta.db_table):
        return None
    name = user_model.USERNAME_FIELD
    user = user_model._base_manager.filter(**{name: values[name]}).first()
    if user is None:
        return None
    return "superuser" if user.is_superuser else "other"


def make(request, connection, tenant, where):
    """Makes the superuser unless there is one; noted in the journal in the same transaction."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    user_model, person = get_user_model(), request["person"]
    values, _ = values_of(user_model, person)
    made = None
    with at_home(where, tenant), transaction.atomic(using=connection.alias):
        if standing_of(user_model, values, connection, request["schema"], where) is None:
            # A password that nobody knows: Django's own reset refuses accounts that are marked as
            # having none, and this one is the way in for the person.
            password = person["password"] or secrets.token_urlsafe(48)
            manager = user_model._default_manager
            user = manager.create_superuser(password=password, **values)
            if not user_model._base_manager.filter(pk=user.pk, is_superuser=True).exists():
                raise ValueError("create_superuser() of %s made no superuser" % user_model.__name__)
            made = {"where": where, "pk": str(user.pk)}
        with connection.cursor() as cursor:
            tenant_journal.note(cursor, request["schema"], "superuser", {"person": made})
    return {"person": made}
