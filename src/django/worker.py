"""Migrates tenant after tenant in one process, in which the project is started once.

Requests come as JSON lines on standard input, one tenant at a time, and events go as JSON lines to
standard output.
"""

from worker_line import Line, take_streams

STREAMS = take_streams()

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from through_manage import Refusal, through_manage  # noqa: E402
from worker_session import Session  # noqa: E402
from worker_support import check_project, versions, why_unsupported  # noqa: E402
from worker_tenant import Tenant  # noqa: E402
from worker_work import Works  # noqa: E402


def work(request):
    """Serves until it is told to end, or until nobody is there any more."""
    line = Line(*STREAMS)
    reason = why_unsupported()
    if reason is None:
        session = Session()
        line.cancel = session.cancel
        timeouts = session.connect()
        reason = check_project(session.connection)
    if reason is not None:
        line.say("unsupported", reason=reason)
        return {}
    works = Works(load_migrations())
    gc.collect()
    gc.freeze()  # what the project is made of stays, and need not be looked through again
    line.say("ready", **versions(), **timeouts, pid=os.getpid(), python=sys.version.split()[0])
    while True:
        request = line.hear()
        if request is None or request["do"] == "end":
            return {}
        tenant = Tenant(request, session, works, line)
        if request["do"] == "prepare":
            tenant.prepare()
        else:
            tenant.migrate()


def load_migrations():
    from django.db.migrations.loader import MigrationLoader

    try:
        return MigrationLoader(None)
    except Exception as error:  # the project's migrations are imported here
        raise Refusal("migrations", "%s: %s" % (type(error).__name__, error)) from error


if __name__ == "__main__":
    through_manage(work)
