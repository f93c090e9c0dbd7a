"""The tables and columns that each kind of schema has, at head and by what a ledger says."""

from ledgers import LEDGER
from model_tables import tables_of


class States:
    """The migrations' states, each made once, as tables."""

    def __init__(self, loader, connection, render):
        self.loader, self.connection, self.render = loader, connection, render
        self.known = {}

    def after(self, group, applied):
        """The tables once the migrations `applied` (keys of the group's graph) are applied."""
        applied = frozenset(applied)
        if applied not in self.known:
            self.known[applied] = self.tables(self.state_after(group, applied))
        return self.known[applied]

    def head(self):
        """The tables at the head of all migrations."""
        return self.after(self.loader, self.loader.graph.nodes)

    def tables(self, state):
        return tables_of(state, self.loader, self.connection, self.render)

    def state_after(self, group, applied):
        from django.db.migrations.state import ProjectState

        state = ProjectState(real_apps=group.unmigrated_apps)
        for key in graph_order(group):
            if key in applied:
                group.graph.nodes[key].mutate_state(state, preserve=False)
        return state


def graph_order(group):
    """Every migration of the graph, each after those it depends on, as Django plans them."""
    order = {}
    for leaf in group.graph.leaf_nodes():
        order.update(dict.fromkeys(group.graph.forwards_plan(leaf)))
    return list(order)


def described_kinds(kinds, tables):
    """For each kind of schema: its apps, and the tables it has at head."""
    described = []
    for kind in kinds:
        allowed = [table for table in tables if kind.allows_table(table)]
        described.append(
            {
                **kind.name,
                "apps": sorted({table.app_label for table in allowed}),
                "tables": sorted({table.name for table in allowed} | {LEDGER}),
                "columns": columns_by_table(allowed),
                "owners": dict(sorted((table.name, table.app_label) for table in allowed)),
            }
        )
    return described


def expected_of(kind, tables):
    allowed = [table for table in tables if kind.allows_table(table)]
    return {
        **kind.name,
        "columns": columns_by_table(allowed),
        "named": {table.name: sorted(table.named) for table in by_name(allowed) if table.named},
    }


def by_name(tables):
    return sorted(tables, key=lambda table: table.name)


def columns_by_table(tables):
    found = {}
    for table in tables:
        found.setdefault(table.name, set()).update(table.columns)
    return {name: sorted(columns) for name, columns in sorted(found.items())}
