"""How the schemas stand: for each distinct ledger what is pending and what must be there."""

from expected_tables import expected_of
from ledgers import label
from migration_facts import Facts
from operations import does_what_it_says
from pending import History


class Standings:
    def __init__(self, loader, states, kinds, kind_of_schema):
        self.loader, self.states, self.kinds = loader, states, kinds
        self.kind_of_schema = kind_of_schema
        self.histories, self.facts = [], {}

    def group(self, ledger, back=None):
        """One distinct ledger with its schemas, as it is told; with `back`, also the way back."""
        history = History(self.loader, ledger["applied"])
        self.histories.append((len(ledger["schemas"]), history))
        described = {
            "ledger": ledger["ledger"],
            "schemas": ledger["schemas"],
            **history.described(),
            "expects": [],
            "afterNext": None,
            "back": back.of(history, ledger["schemas"]) if back else None,
        }
        if history.plan:
            kinds = self.kinds_among(ledger["schemas"])
            applied = history.in_graph
            described["expects"] = self.expected(history, applied, kinds)
            described["afterNext"] = self.after_next(history, applied, kinds)
            if not ledger["ledger"]:
                nothing = {"columns": {}, "named": {}}
                described["expects"] = [{**one, **nothing} for one in described["expects"]]
        return described

    def after_next(self, history, applied, kinds):
        """What is there after the first pending migration; None if only running it would tell."""
        key = history.plan[0]
        if not all(map(does_what_it_says, history.loader.graph.nodes[key].operations)):
            return None
        return {"migration": label(key), "expects": self.expected(history, applied | {key}, kinds)}

    def kinds_among(self, schemas):
        kinds = {id(kind): kind for kind in map(self.kind_of_schema, schemas) if kind is not None}
        return list(kinds.values())

    def expected(self, history, applied, kinds):
        tables = self.states.after(history.loader, applied)
        return [expected_of(kind, tables) for kind in kinds]

    def migrations(self):
        """Facts of each pending migration, from where most schemas stand, in Django's order."""
        for _, history in sorted(self.histories, key=lambda one: -one[0]):
            self.describe_pending(history)
        # The longest plan first: where one plan has them all, the order is that of Django.
        order = {}
        for _, history in sorted(self.histories, key=lambda one: -len(one[1].plan)):
            order.update(dict.fromkeys(history.plan))
        return [self.facts[key] for key in order]

    def describe_pending(self, history):
        if all(key in self.facts for key in history.plan):
            return
        state = self.states.state_after(history.loader, history.in_graph)
        facts = Facts(self.kinds, self.states.connection, self.shared_tables(), set(state.models))
        for key in history.plan:
            migration = history.loader.graph.nodes[key]
            if key in self.facts:
                migration.mutate_state(state, preserve=False)
            else:
                self.facts[key] = facts.of(migration, state)

    def shared_tables(self):
        """Each table of the shared schema at head, and whether tenants have one of that name."""
        tables = self.states.head()
        shared = {table.name for table in tables if self.kinds[0].allows_table(table)}
        tenants = {
            table.name for table in tables for kind in self.kinds[1:] if kind.allows_table(table)
        }
        return {name: name in tenants for name in sorted(shared)}
