"""Runs one probe inside a Django project, through the project's own manage.py.

The probe's answer is a JSON file, never standard output: projects print while they are imported.
The folder named by TENANTRY_FOLDER holds `request.json` (what is asked) and gets `answer.json`,
whose last key is `"complete": true`. A project that cannot be started is an answer, too:
{"failure": ...}.
"""

import json
import os
import runpy
import site
import sys
import traceback
import types

# The module by which the code inside `manage.py shell` finds its way back to the probe.
WAY_BACK = "tenantry_probe"
TRACEBACK_LINES = 40


class Refusal(Exception):
    """The probe cannot answer, for a reason that has a name."""

    def __init__(self, kind, message, **details):
        super().__init__(message)
        self.kind = kind
        self.details = details


def through_manage(probe):
    """Calls probe(request) once Django is set up, and writes its answer or why there is none."""
    folder = os.environ["TENANTRY_FOLDER"]
    with open(os.path.join(folder, "request.json"), encoding="utf-8") as file:
        request = json.load(file)

    answer = {}
    way_back = types.ModuleType(WAY_BACK)
    way_back.run = lambda: answer.update(ask(probe, request))
    make_room()
    sys.modules[WAY_BACK] = way_back

    try:
        run_manage(settings_module=request.get("settingsModule"))
    except SystemExit as ended:
        if not answer:
            message = "it ended with exit code %s before it ran the command" % ended.code
            answer["failure"] = {"kind": "manage-py", "exception": "SystemExit", "message": message}
    except BaseException as error:
        if not answer:
            answer["failure"] = describe(error, kind_of_start_failure(error))
    if not answer:
        message = "it ended without running the command shell"
        answer["failure"] = {"kind": "manage-py", "exception": "", "message": message}

    write_answer(folder, answer)


def make_room():
    """Forgets the modules that came with the probe: the project may have some of the same name."""
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name != "__main__" and path and os.path.dirname(os.path.abspath(path)) == folder:
            del sys.modules[name]


def run_manage(settings_module):
    """Does what `python manage.py shell -c …` does, in this process."""
    here = os.getcwd()
    command = "import %s; %s.run()" % (WAY_BACK, WAY_BACK)
    # Verbosity 0: from Django 5.2 on the shell prints what it imported.
    sys.argv = ["manage.py", "shell", "--verbosity", "0", "-c", command]
    if settings_module:
        sys.argv.append("--settings=" + settings_module)
    sys.path[0] = here
    runpy.run_path(os.path.join(here, "manage.py"), run_name="__main__")


def ask(probe, request):
    from django.conf import settings

    settings.INSTALLED_APPS  # raises what `manage.py shell` has swallowed
    try:
        return probe(request)
    except Refusal as refusal:
        failure = describe(refusal.__cause__ or refusal, refusal.kind)
        failure.update(refusal.details, message=str(refusal))
        return {"failure": failure}
    except Exception as error:
        return {"failure": describe(error, "connection" if is_lost(error) else "probe")}


def kind_of_start_failure(error):
    if getattr(root_of(error), "name", None) == "django":
        return "django-missing"
    if is_lost(error):
        return "connection"
    try:
        from django.conf import settings
    except ImportError:
        return "manage-py"
    return "loading" if settings.configured else "settings"


def is_lost(error):
    """Whether the database could not be reached, or went away."""
    try:
        from django.db import InterfaceError, OperationalError
    except Exception:
        return False
    return isinstance(error, (InterfaceError, OperationalError))


def root_of(error):
    """What lies below Django's own "Couldn't import Django" of manage.py."""
    while isinstance(error, ImportError) and isinstance(error.__cause__, ImportError):
        error = error.__cause__
    return error


def describe(error, kind):
    root = root_of(error)
    lines = "".join(traceback.format_exception(type(root), root, root.__traceback__)).splitlines()
    return {
        "kind": kind,
        "exception": type(root).__name__,
        "message": str(root).strip(),
        "where": place_of(root),
        "missingModule": getattr(root, "name", None) if isinstance(root, ImportError) else None,
        "traceback": "\n".join(lines[-TRACEBACK_LINES:]),
    }


def place_of(error):
    """The line of the project where it went wrong, like `shop/settings.py:14`, or None."""
    here = os.path.join(os.getcwd(), "")
    installed = tuple(os.path.join(path, "") for path in site.getsitepackages() + [sys.prefix])
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(here) and not frame.filename.startswith(installed):
            place = "%s:%s" % (frame.filename[len(here):], frame.lineno)
    return place


def write_answer(folder, answer):
    path = os.path.join(folder, "answer.json")
    # Only its owner may read it: models and tenants are nobody else's business.
    descriptor = os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(dict(answer, complete=True)))  # json.dump writes piece by piece, in Python
    os.replace(path + ".tmp", path)
