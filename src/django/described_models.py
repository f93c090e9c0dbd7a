"""What the tenant and domain models look like, field by field."""


def describe_tenant_model(model):
    return {
        **describe_model(model),
        "autoCreateSchema": bool(model.auto_create_schema),
        "autoDropSchema": bool(model.auto_drop_schema),
        "cloneMode": str(getattr(model, "clone_mode", "")),
    }


def describe_model(model):
    return {
        "name": model._meta.label,
        "table": model._meta.db_table,
        "fields": [describe_field(field) for field in model._meta.concrete_fields],
    }


def describe_field(field):
    from django.db.models import NOT_PROVIDED

    made_by_django = bool(
        field.auto_created
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or getattr(field, "generated", False)
    )
    db_default = getattr(field, "db_default", NOT_PROVIDED)
    has_default = field.has_default() or db_default is not NOT_PROVIDED
    default = field.default if has_default and is_plain(field.default) else None
    return {
        "name": field.name,
        "type": field.get_internal_type(),
        "required": not (field.null or field.blank or has_default or made_by_django),
        "madeByDjango": made_by_django,
        "hasDefault": bool(has_default),
        "default": default,
        "unique": bool(field.unique),
        "maxLength": field.max_length if isinstance(field.max_length, int) else None,
        "choices": [str(value) for value, _ in field.flatchoices] if field.choices else None,
        "relatedTo": field.related_model._meta.label if field.is_relation else None,
    }


def is_plain(value):
    return value is None or isinstance(value, (bool, int, float, str))
