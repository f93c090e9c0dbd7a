"""How a probe runs through a manage.py, without Django where Django does not matter."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest

SOURCES = os.path.join(os.path.dirname(__file__), "..", "..", "src", "django")

PROBE = """
from through_manage import Refusal, through_manage


def probe(request):
    if request.get("refuse"):
        raise Refusal("odd", "this is odd", place="here")
    return {"sum": sum(request["numbers"])}


through_manage(probe)
"""

# Enough of Django for a manage.py to be run: a settings object and a shell.
DJANGO = {
    "django/__init__.py": "",
    "django/conf.py": """
        class Settings:
            configured = True
            INSTALLED_APPS = []


        settings = Settings()
    """,
    "django/db.py": """
        class OperationalError(Exception):
            pass


        class InterfaceError(Exception):
            pass
    """,
    "manage.py": """
        import sys

        print("noise on standard output")
        arguments = sys.argv[1:]
        assert arguments[:3] == ["shell", "--verbosity", "0"], arguments
        print("settings:", [word for word in arguments if word.startswith("--settings=")])
        exec(arguments[arguments.index("-c") + 1])
    """,
}


class ThroughManage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.probe = os.path.join(folder.name, "probe")
        self.project = os.path.join(folder.name, "project")
        os.makedirs(self.probe)
        with open(os.path.join(SOURCES, "through_manage.py"), encoding="utf-8") as file:
            self.write(self.probe, "through_manage.py", file.read())
        self.write(self.probe, "probe.py", PROBE)

    def write(self, folder, name, text):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))

    def run_probe(self, files, **request):
        for name, text in files.items():
            self.write(self.project, name, text)
        self.write(self.probe, "request.json", json.dumps({"numbers": [1, 2], **request}))
        self.result = subprocess.run(
            [sys.executable, os.path.join(self.probe, "probe.py")],
            cwd=self.project,
            env={**os.environ, "TENANTRY_FOLDER": self.probe, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            timeout=60,
        )
        with open(os.path.join(self.probe, "answer.json"), encoding="utf-8") as file:
            return json.load(file)

    def failure(self, manage, **more):
        answer = self.run_probe({**DJANGO, "manage.py": manage, **more})
        self.assertTrue(answer["complete"])
        return answer["failure"]

    def test_the_answer_is_a_file_whatever_is_printed(self):
        self.assertEqual(self.run_probe(DJANGO), {"sum": 3, "complete": True})
        self.assertIn("noise", self.result.stdout)

    def test_only_the_owner_may_read_the_answer(self):
        self.run_probe(DJANGO)
        mode = os.stat(os.path.join(self.probe, "answer.json")).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_the_settings_module_is_handed_on(self):
        self.run_probe(DJANGO, settingsModule="shop.production")
        self.assertIn("settings: ['--settings=shop.production']", self.result.stdout)

    def test_the_project_is_imported_from_its_own_folder(self):
        manage = "import neighbour, through_manage\nprint(through_manage.OWN)\n"
        manage += textwrap.dedent(DJANGO["manage.py"])
        own = {"neighbour.py": "", "through_manage.py": "OWN = 'a module of the same name'\n"}
        self.assertEqual(self.run_probe({**DJANGO, **own, "manage.py": manage})["sum"], 3)
        self.assertIn("a module of the same name", self.result.stdout)

    def test_a_refusal_keeps_its_name_and_details(self):
        failure = self.run_probe(DJANGO, refuse=True)["failure"]
        self.assertEqual(
            (failure["kind"], failure["message"], failure["place"]), ("odd", "this is odd", "here")
        )

    def test_no_django(self):
        failure = self.failure(
            """
            try:
                import django_that_is_missing
            except ImportError as error:
                error.name = "django"
                raise ImportError("Couldn't import Django.") from error
            """
        )
        self.assertEqual(failure["kind"], "django-missing")
        self.assertIn("No module named", failure["message"])

    def test_an_error_while_loading_names_its_line(self):
        failure = self.failure("import broken\n", **{"broken.py": "\n\nraise ValueError('odd')\n"})
        self.assertEqual(failure["kind"], "loading")
        self.assertEqual(failure["where"], "broken.py:3")
        self.assertEqual((failure["exception"], failure["message"]), ("ValueError", "odd"))

    def test_settings_that_were_never_configured(self):
        settings = DJANGO["django/conf.py"].replace("configured = True", "configured = False")
        failure = self.failure("raise KeyError('SECRET_KEY')\n", **{"django/conf.py": settings})
        self.assertEqual(failure["kind"], "settings")

    def test_a_lost_database(self):
        failure = self.failure(
            """
            from django.db import OperationalError

            raise OperationalError("connection refused")
            """
        )
        self.assertEqual(failure["kind"], "connection")

    def test_a_manage_py_that_ends_early(self):
        self.assertEqual(self.failure("import sys\nsys.exit(3)\n")["kind"], "manage-py")
        self.assertIn("exit code 3", self.failure("import sys\nsys.exit(3)\n")["message"])

    def test_a_manage_py_that_does_nothing(self):
        self.assertEqual(self.failure("")["message"], "it ended without running the command shell")

    def test_a_manage_py_that_fails_after_the_answer_does_not_take_it_back(self):
        manage = textwrap.dedent(DJANGO["manage.py"]) + "raise SystemExit(1)\n"
        self.assertEqual(self.run_probe({**DJANGO, "manage.py": manage})["sum"], 3)


if __name__ == "__main__":
    unittest.main()
