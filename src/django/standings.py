"""How the schemas stand: for each distinct ledger what is pending, and what must be there by then."""

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

    def group(self, ledger):
        """One distinct ledger with its schemas, as it is told."""
        history = History(self.loader, ledger["applied"])
        self.histories.append(history)
        described = {
            "ledger": ledger["ledger"],
            "schemas": ledger["schemas"],
            **history.described(),
            "expects": [],
            "afterNext": None,
        }
        if history.plan:
            kinds = self.kinds_among(ledger["schemas"])
            applied = history.in_graph
            described["expects"] = self.expected(history, applied, kinds)
            described["afterNext"] = self.after_next(history, applied, kinds)
            if not ledger["ledger"]:
                described["expects"] = [{**one, "columns": {}, "named": {}} for one in described["expects"]]
            self.describe_pending(history)
        return described

    def after_next(self, history, applied, kinds):
        """What is there after the first pending migration; None where only running it would tell."""
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

    def describe_pending(self, history):
        """Facts of each pending migration that no earlier ledger had pending."""
        if all(key in self.facts for key in history.plan):
            return
        connection = self.states.connection
        facts = Facts(self.kinds, connection, self.shared_tables())
        state = self.states.state_after(history.loader, history.in_graph)
        for key in history.plan:
            migration = history.loader.graph.nodes[key]
            if key in self.facts:
                migration.mutate_state(state, preserve=False)
            else:
                self.facts[key] = facts.of(migration, state)

    def shared_tables(self):
        """Each table of the shared schema at head, and whether tenants have one of the same name."""
        tables = self.states.head()
        shared = {table.name for table in tables if self.kinds[0].allows_table(table)}
        tenants = {
            table.name for table in tables for kind in self.kinds[1:] if kind.allows_table(table)
        }
        return {name: name in tenants for name in sorted(shared)}

    def migrations(self):
        """In the order of the longest plan first, so that it is Django's where one plan has them all."""
        order = {}
        for history in sorted(self.histories, key=lambda one: -len(one.plan)):
            order.update(dict.fromkeys(history.plan))
        return [self.facts[key] for key in order]
