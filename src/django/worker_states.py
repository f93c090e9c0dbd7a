"""The models around an operation of a migration: no more of them than it looks at.

Whenever a model changes, Django makes classes of all that are related to it, however remotely: 3,700
classes and 100 MB for the 254 operations of a tenant with 60 tables. They look at a few of them.
"""

# Django's own operations that ask the states for one model, as it is before and after, and for
# the tables and keys of those that it points to.
OF_ONE_MODEL = {
    "AddConstraint",
    "AddConstraintNotValid",
    "AddField",
    "AddIndex",
    "AddIndexConcurrently",
    "AlterConstraint",
    "AlterField",
    "AlterIndexTogether",
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterUniqueTogether",
    "CreateModel",
    "RemoveConstraint",
    "RemoveField",
    "RemoveIndex",
    "RemoveIndexConcurrently",
    "ValidateConstraint",
}
# What of the options of a model matters to those that point to it.
IDENTITY = ("db_table", "managed", "proxy", "swappable")


class States:
    """Goes through a plan, operation by operation."""

    def __init__(self, state):
        self.state = state  # all models, never as classes
        self.whole = self.whole_at = None  # the same with classes, and the state that it is of
        self.parts = {}  # by model: the latest part, and the models' states that it is made of

    def pass_over(self, migration):
        """A migration that changes nothing but the state."""
        self.state = self.state.clone()
        migration.mutate_state(self.state, preserve=False)

    def around(self, app_label, operation, changes, shared):
        """The states before and after the operation; where tenants share them, with classes."""
        key = model_of(app_label, operation) if shared else None
        before = after = self.state
        if changes:
            after = before.clone() if key is None else with_own(before, key)
            operation.state_forwards(app_label, after)
            self.state = after
        if not shared:
            return before, after
        found = None if key is None else self.of_one_model(operation, key, before, after)
        return found or self.of_all_models(app_label, operation, before, after)

    def of_one_model(self, operation, key, before, after):
        """None where the operation, or its model, may look further."""
        models = [state.models[key] for state in (before, after) if key in state.models]
        if any(map(inherits, models)) or reaches_others(operation, key, before, after):
            return None
        try:
            return self.part(before, key), self.part(after, key)
        except Exception:  # Django knows what else is needed to make classes of these models
            return None

    def part(self, state, key):
        """One model, and what it points to as far as tables and keys go. None: it is not there yet."""
        if key not in state.models:
            return None
        part, made_of = self.parts.get(key, (None, None))
        if part is None or any(state.models.get(one) is not made_of[one] for one in made_of):
            part = part_of(state, key)
            self.parts[key] = part, {one: state.models[one] for one in part.models}
        return part

    def of_all_models(self, app_label, operation, before, after):
        old = self.whole if self.whole_at is before else without_classes(before)
        old.apps  # made as a whole first, which is faster
        new = old
        if after is not before:
            new = old.clone()
            operation.state_forwards(app_label, new)
        self.whole, self.whole_at = new, after
        return old, new


def model_of(app_label, operation):
    """The key of the only model that the operation looks at or changes; None: there may be others."""
    if type(operation).__name__ not in OF_ONE_MODEL:
        return None
    return app_label, (getattr(operation, "model_name", None) or operation.name).lower()


def with_own(state, key):
    """A copy whose other models are the same objects."""
    from django.db.migrations.state import ProjectState

    models = dict(state.models)
    if key in models:
        models[key] = models[key].clone()
    return ProjectState(models=models, real_apps=state.real_apps)


def inherits(model):
    return any(isinstance(base, str) for base in model.bases)


def reaches_others(operation, key, before, after):
    """Whether it alters a field that has a table of its own, or that columns of other tables follow."""
    from django.db.migrations.utils import field_is_referenced

    if type(operation).__name__ != "AlterField":
        return False
    name = operation.name
    versions = [(state, state.models[key].fields[name]) for state in (before, after)]
    return any(
        field.many_to_many
        or field.primary_key
        or (field.unique and field_is_referenced(state, key, (name, field)))
        for state, field in versions
    )


def part_of(state, key):
    from django.db.migrations.state import ProjectState

    models = {key: state.models[key]}
    columns, real_apps = {}, set()
    waiting = [models[key]]
    while waiting:
        for target, names in targets_of(waiting.pop()):
            if target == key:
                continue
            if target not in state.models:
                if target[0] not in state.real_apps:
                    raise LookupError(target)
                real_apps.add(target[0])
            elif target not in columns or not names <= columns[target]:
                columns[target] = columns.get(target, set()) | names
                models[target] = outline_of(state.models[target], columns[target])
                waiting.append(models[target])
    part = ProjectState(models=models, real_apps=real_apps)
    part.apps
    return part


def targets_of(model):
    """The models that it points to or is made of, as keys of a state, with the fields that it names."""
    from django.db.migrations.utils import resolve_relation

    found = [(base, set()) for base in model.bases if isinstance(base, str)]
    for field in model.fields.values():
        relation = field.remote_field
        if relation:
            found.append((relation.model, {name for name in getattr(field, "to_fields", ()) if name}))
        if relation and getattr(relation, "through", None):
            found.append((relation.through, set()))
    return [(resolve_relation(one, model.app_label, model.name_lower), names) for one, names in found]


def outline_of(model, names):
    from django.db.migrations.state import ModelState

    return ModelState(
        model.app_label,
        model.name,
        {name: one for name, one in model.fields.items() if one.primary_key or name in names},
        {name: value for name, value in model.options.items() if name in IDENTITY},
        model.bases,
    )


def without_classes(state):
    """A copy without model classes: they and their managers keep what they looked up."""
    from django.db.migrations.state import ProjectState

    models = {name: model.clone() for name, model in state.models.items()}
    return ProjectState(models=models, real_apps=state.real_apps)
