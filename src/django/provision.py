"""Makes, proves and removes tenants, in one process in which the project is started once.

Speaks as worker.py does: requests come as JSON lines on standard input, events go as JSON lines to
standard output. `migrate` is worker.py's own; everything else has one answer.
"""

from worker_line import Line, take_streams

STREAMS = take_streams()

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import tenant_copy  # noqa: E402
import tenant_journal  # noqa: E402
import tenant_people  # noqa: E402
import tenant_proof  # noqa: E402
import tenant_removal  # noqa: E402
import tenant_repair  # noqa: E402
import tenant_rows  # noqa: E402
from discover import discover, load_migrations, refuse_other_engines, refuse_other_projects  # noqa: E402
from expected_tables import States  # noqa: E402
from pending import History  # noqa: E402
from schema_kinds import kinds_of  # noqa: E402
from through_manage import ask, describe, through_manage  # noqa: E402
from worker_session import Session  # noqa: E402
from worker_support import check_project, versions, why_unsupported  # noqa: E402
from worker_tenant import Tenant  # noqa: E402
from worker_work import Works  # noqa: E402

# So many of the newest tenants of each type are looked at, to compare a new one with.
REFERENCES = 2


def serve(request):
    from django.conf import settings
    from django.db import connections
    from django_tenants import utils

    line = Line(*STREAMS)
    refuse_other_projects(settings)
    alias = utils.get_tenant_database_alias()
    refuse_other_engines(connections[alias], alias)
    session = Session()
    line.cancel = session.cancel
    began = time.monotonic()
    head = Head(session.connection)
    unsupported = why_unsupported() or check_project(session.connection)
    works = Works(head.loader)
    gc.collect()
    gc.freeze()  # what the project is made of stays, and need not be looked through again
    loading = round((time.monotonic() - began) * 1000)
    timeouts = session.connect()
    line.say(
        "ready",
        **versions(),
        **timeouts,
        pid=os.getpid(),
        python=sys.version.split()[0],
        unsupported=unsupported,
        loading=loading,
    )
    migrated = 0
    while True:
        asked = line.hear()
        if asked is None or asked["do"] == "end":
            return {}
        if asked["do"] == "migrate":
            Tenant(asked, session, works, line).migrate()
            # Models and states hold each other, so they would be many megabytes before Python looks for them by itself.
            gc.collect()
            migrated += 1
            if migrated == 1:
                gc.freeze()  # what the first one was made by, all others are made by
        else:
            line.say("answer", value=ask(lambda one: answer(one, session, head), asked))


def answer(request, session, head):
    """What a request came to; `refused` where the database or the project's own code said no."""
    connection = session.connection
    handle = HANDLERS[request["do"]]
    with session.for_project():
        connection.set_schema_to_public()
        name(connection, request["applicationName"])
        opened = connection.connection
        try:
            return handle(request, head)
        except Exception as error:
            if request["do"] not in REFUSABLE or is_lost(connection, opened):
                raise
            return {"refused": sentence_of(error), "where": describe(error, "")["where"]}
        finally:
            if not connection.in_atomic_block:
                connection.set_schema_to_public()


def name(connection, application_name):
    """By which PostgreSQL tells who waits, and for what."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", [application_name])


def is_lost(connection, opened):
    """Whether nobody knows what became of the last statement; another connection may be there by now."""
    from django.db import InterfaceError, OperationalError

    if connection.connection is None or connection.connection is not opened:
        return True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (InterfaceError, OperationalError):
        return True
    return False


def is_of_database(error):
    from django.db import Error

    return isinstance(error, Error)


def sentence_of(error):
    from django.core.exceptions import ValidationError

    if isinstance(error, ValidationError) and hasattr(error, "message_dict"):
        found = tenant_rows.listed(error)
        return "; ".join("%s: %s" % (one["field"], one["message"]) for one in found)
    text = " ".join(str(error).split())
    plain = is_of_database(error) or isinstance(error, tenant_removal.NotRemoved)
    return text if plain else "%s: %s" % (type(error).__name__, text)


class Head:
    """The head of the project's migrations, worked out once."""

    def __init__(self, connection):
        from django_tenants import utils

        self.connection = connection
        self.public = utils.get_public_schema_name()
        self.loader = load_migrations()
        self.kinds = kinds_of(connection, connection.alias, utils, self.public)
        self.states = States(self.loader, connection, not self.kinds[0].by_app)
        self.known, self.histories = None, {}

    @property
    def state(self):
        if self.known is None:
            self.known = self.states.state_after(self.loader, self.loader.graph.nodes)
        return self.known

    def kind_of(self, schema, tenant_type):
        if schema == self.public:
            return self.kinds[0]
        return next((kind for kind in self.kinds[1:] if kind.tenant_type == tenant_type), None)

    def history(self, applied):
        key = frozenset(applied)
        if key not in self.histories:
            self.histories[key] = History(self.loader, applied)
        return self.histories[key]


# What can be asked


def stand(request, head):
    """discover.py's answer about these schemas, and about tenants to compare new ones with."""
    references = references_of(request["schemas"], head)
    answer = discover({"only": [head.public, *request["schemas"], *references]}, head.loader)
    with head.connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")  # discover's questions take as long as they take
    return {"discovery": answer, "references": references}


def references_of(schemas, head):
    """The newest tenants: probably made by the code as it is."""
    from django.db import Error, OperationalError
    from django_tenants import utils

    tenants = tenant_rows.models()[0]
    rows = tenants._base_manager.exclude(schema_name__in=[head.public, *schemas]).order_by("-pk")
    found = []
    try:
        for kind in head.kinds[1:]:
            typed = {}
            if kind.tenant_type is not None:
                typed = {utils.get_multi_type_database_field_name(): kind.tenant_type}
            found += rows.filter(**typed).values_list("schema_name", flat=True)[:REFERENCES]
    except OperationalError:
        raise
    except Error:  # the shared schema is behind the code, which discover tells
        head.connection.rollback()
    return found


def look(request, head):
    schema, person = request["schema"], request["person"]
    found = tenant_rows.look(request, head.connection)
    tenant = tenant_rows.tenant_of(schema)
    return {
        **found,
        "person": tenant_people.look(person, head, tenant, schema, request["tenantType"])
        if person
        else None,
    }


def prove(request, head):
    tenant = tenant_rows.tenant_of(request["schema"])
    return tenant_proof.prove(request["schema"], head, tenant, request["tenantType"])


def make_person(request, head):
    schema = request["schema"]
    return tenant_people.make(
        request, head.connection, tenant_rows.tenant_of(schema), request["where"]
    )


def mend(request, head):
    """What a tenant lacks; it is made when `apply` says so."""
    tenant = tenant_rows.tenant_of(request["schema"])
    damage = tenant_repair.Damage(head, request["schema"], tenant, request["tenantType"])
    told = damage.told()
    if request["apply"] and not damage.stuck:
        damage.mend()
    return told


def note(request, head):
    with head.connection.cursor() as cursor:
        tenant_journal.note(cursor, request["schema"], request["step"])
    return {}


def close(request, head):
    """The tenant is whole: its journal ends."""
    with head.connection.cursor() as cursor:
        tenant_journal.close(cursor, request["schema"])
    return {}


HANDLERS = {
    "stand": stand,
    "look": look,
    "begin": lambda request, head: tenant_rows.begin(request, head.connection),
    "prove": prove,
    "announce": lambda request, head: tenant_rows.announce(request, head.connection),
    "person": make_person,
    "domains": lambda request, head: tenant_rows.make_domains(request, head.connection),
    "note": note,
    "close": close,
    "copy": lambda request, head: tenant_copy.copy_rows(request, head.connection),
    "mend": mend,
    "inventory": lambda request, head: tenant_removal.inventory(
        request["schema"], head.connection
    ),
    "remove": lambda request, head: tenant_removal.remove(request, head.connection),
}
# What the database or the project's own code may refuse, so that the run can say so and undo.
REFUSABLE = ("begin", "announce", "person", "domains", "copy", "mend", "remove")


if __name__ == "__main__":
    through_manage(serve)
