"""What going back to a migration would undo, by Django's own plan. Changes nothing."""

from expected_tables import expected_of, graph_order
from ledgers import label
from migration_facts import Facts
from operations import database_operations, does_what_it_says
from through_manage import Refusal

ZERO = "zero"


def targets_of(asked, loader):
    """The keys of the migrations that were asked for; the name is None for `zero`."""
    return [target_of(one["app"], one["migration"], loader) for one in asked]


def target_of(app, name, loader):
    if app not in loader.migrated_apps:
        refuse("there is no app %s with migrations" % app)
    if name == ZERO:
        return (app, None)
    names = sorted(found for owner, found in loader.disk_migrations if owner == app)
    fitting = [name] if name in names else [found for found in names if found.startswith(name)]
    if not fitting:
        refuse("%s has no migration %s" % (app, name))
    if len(fitting) > 1:
        refuse("%s has several migrations that begin with %s: %s" % (app, name, ", ".join(fitting)))
    return (app, fitting[0])


def refuse(message):
    raise Refusal("target", message)


def named(target):
    return "%s %s" % (target[0], target[1] or ZERO)


class GoingBack:
    """What it means for each distinct ledger, and of what kind the migrations are."""

    def __init__(self, standings, targets):
        self.standings, self.targets, self.facts = standings, targets, {}
        self.ways = []

    def of(self, history, schemas):
        if history.inconsistent is not None:
            return {"steps": [], "expects": [], "gone": [], "first": None}
        steps = steps_of(history, self.targets)
        undone = [key for _, keys in steps for key in keys]
        after = history.in_graph - set(undone)
        kinds = self.standings.kinds_among(schemas)
        self.ways.append(undone)
        self.describe(history, after, set(undone))
        expects = self.standings.expected(history, after, kinds)
        return {
            "steps": [
                {"target": named(target), "migrations": list(map(label, keys))}
                for target, keys in steps
            ],
            "expects": expects,
            "gone": self.gone(history, after, kinds, expects),
            "first": self.first(history, undone[0], kinds) if undone else None,
        }

    def first(self, history, key, kinds):
        """The same for when only the first one is undone: what a run that was killed leaves."""
        if not all(map(does_what_it_says, history.loader.graph.nodes[key].operations)):
            return None
        before = self.standings.expected(history, history.in_graph - {key}, kinds)
        made = [{} for _ in kinds]
        for found, known, now in zip(
            made, before, self.standings.expected(history, history.in_graph, kinds)
        ):
            add_new(found, known, now)
        parents = history.loader.graph.node_map[key].parents
        own = sorted(parent.key[1] for parent in parents if parent.key[0] == key[0])
        return {
            "migration": label(key),
            "before": "%s %s" % (key[0], own[-1] if own else ZERO),
            "expects": before,
            "gone": [
                {**kind.name, **{what: without(found.get(what, {}), {}) for what in ("columns", "named")}}
                for kind, found in zip(kinds, made)
            ],
        }

    def gone(self, history, after, kinds, expects):
        """What later migrations make, as far as their state tells: it must not be there then."""
        states, made, before = self.standings.states, [{} for _ in kinds], expects
        state = states.state_after(history.loader, after)
        for key in graph_order(history.loader):
            if key in after:
                continue
            migration = history.loader.graph.nodes[key]
            migration.mutate_state(state, preserve=False)
            # A copy: classes that were made once would be kept up to date, which takes long.
            tables = states.tables(state.clone())
            now = [expected_of(kind, tables) for kind in kinds]
            if all(map(does_what_it_says, migration.operations)):
                for found, known, new in zip(made, before, now):
                    add_new(found, known, new)
            before = now
        return [
            {
                **kind.name,
                **{what: without(found.get(what, {}), must[what]) for what in ("columns", "named")},
            }
            for kind, found, must in zip(kinds, made, expects)
        ]

    def describe(self, history, after, undone):
        missing = [key for key in undone if key not in self.facts]
        if not missing:
            return
        states = self.standings.states
        state = states.state_after(history.loader, after)
        facts = Facts(
            self.standings.kinds,
            states.connection,
            self.standings.shared_tables(),
            set(state.models),
        )
        for key in graph_order(history.loader):
            if key not in undone:
                continue
            migration = history.loader.graph.nodes[key]
            if key in self.facts:
                migration.mutate_state(state, preserve=False)
            else:
                self.facts[key] = {**facts.of(migration, state), "irreversible": one_way(migration)}

    def described(self):
        # The longest way first: where one has them all, the order is that of Django.
        order = {}
        for undone in sorted(self.ways, key=len, reverse=True):
            order.update(dict.fromkeys(undone))
        return {
            "targets": list(map(named, self.targets)),
            "migrations": [self.facts[key] for key in order],
        }


def one_way(migration):
    """Django's words for the first operation that it cannot undo, or None."""
    for operation in reversed(list(database_operations(migration.operations))):
        if not operation.reversible:
            return str(operation.describe())
    return None


def steps_of(history, targets):
    """For each target what Django would undo, in its order.

    A target that is not applied has nothing after it: Django would go forward to it, which nobody
    has asked for.
    """
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor.__new__(MigrationExecutor)
    executor.loader = history.loader
    applied = history.loader.applied_migrations
    kept, undone, steps = [], [], []
    for target in targets:
        if target in undone:
            refuse("going back to %s would undo %s" % (named(kept[-1]), named(target)))
        if target[1] is not None and target not in applied:
            continue
        if target[1] is not None and target not in history.loader.graph.nodes:
            refuse("%s is a part of a squashed migration" % named(target))
        plan = executor.migration_plan([*kept, target])
        found = [(one.app_label, one.name) for one, _ in plan][len(undone) :]
        for earlier in kept:
            if earlier in found:
                refuse("going back to %s would undo %s" % (named(target), named(earlier)))
        kept.append(target)
        undone += found
        if found:
            steps.append((target, found))
    return steps


def add_new(found, before, now):
    for what in ("columns", "named"):
        for table, parts in now[what].items():
            new = set(parts) - set(before[what].get(table, ()))
            if new:
                found.setdefault(what, {}).setdefault(table, set()).update(new)


def without(found, must):
    left = {table: sorted(parts - set(must.get(table, ()))) for table, parts in found.items()}
    return {table: parts for table, parts in sorted(left.items()) if parts}
