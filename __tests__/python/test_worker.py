"""The parts of the worker that need neither Django nor a database."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

SOURCES = os.path.join(os.path.dirname(__file__), "..", "..", "src", "django")
sys.path.insert(0, SOURCES)

import worker_failures  # noqa: E402
import worker_operations  # noqa: E402
import worker_support  # noqa: E402

TALK = """
import os, subprocess, sys, time
sys.path.insert(0, %r)
requests, events = os.dup(0), os.dup(1)
os.dup2(2, 1)
from worker_line import Line

line = Line(requests, events)
line.cancel = lambda: print("cancelled", file=sys.stderr, flush=True)
while True:
    request = line.hear()
    if request is None:
        break
    print("noise")
    os.write(1, b"more noise\\n")
    line.say("heard", request=request, odd=object)
    if request == "sleep":
        time.sleep(1)
"""


class TheLine(unittest.TestCase):
    def talk(self, **options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "talk.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(TALK % os.path.abspath(SOURCES)))
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, path], stdin=pipe, stdout=pipe, stderr=pipe)
        self.addCleanup(process.kill)
        return process

    def test_only_events_come_back_whatever_is_printed(self):
        process = self.talk()
        out, err = process.communicate(b'{"a": "\\u2602"}\n"two"\n', timeout=30)
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([event["request"] for event in events], [{"a": "☂"}, "two"])
        self.assertEqual((err.count(b"noise"), err.count(b"more noise")), (4, 2))
        self.assertEqual(process.returncode, 0)

    def test_the_end_of_the_conversation_cancels_what_is_under_way(self):
        process = self.talk()
        out, err = process.communicate(b'"sleep"\n', timeout=30)
        self.assertIn(b"cancelled", err)

    def test_a_signal_ends_it_too(self):
        process = self.talk()
        process.stdin.write(b'"sleep"\n')
        process.stdin.flush()
        process.stdout.readline()
        process.terminate()
        process.wait(timeout=30)
        self.assertIn(b"cancelled", process.stderr.read())
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()


class Operations(unittest.TestCase):
    def operation(self, module, name, **attributes):
        return type(name, (), {"__module__": module, **attributes})()

    def test_only_djangos_own_classes_share_states(self):
        models = "django.db.migrations.operations.models"
        for module, name, shares in [
            (models, "CreateModel", True),
            ("django.contrib.postgres.operations", "AddIndexConcurrently", True),
            ("shop.operations", "CreateModel", False),
            (worker_operations.SPECIAL, "RunPython", False),
            (worker_operations.SPECIAL, "RunSQL", False),
        ]:
            with self.subTest(name="%s.%s" % (module, name)):
                operation = self.operation(module, name)
                self.assertEqual(worker_operations.shares_states(operation), shares)

    def test_wrapped_operations_are_what_they_hold(self):
        add = self.operation("django.db.migrations.operations.fields", "AddField")
        make = self.operation("django.db.migrations.operations.models", "CreateModel")
        run = self.operation(worker_operations.SPECIAL, "RunPython")

        def wrapped(database, state=()):
            return self.operation(
                worker_operations.SPECIAL,
                "SeparateDatabaseAndState",
                database_operations=database,
                state_operations=list(state),
            )

        self.assertTrue(worker_operations.shares_states(wrapped([add])))
        self.assertFalse(worker_operations.shares_states(wrapped([add, wrapped([run])])))
        self.assertTrue(worker_operations.is_known(wrapped([add, wrapped([run])])))
        self.assertFalse(worker_operations.touches_models([wrapped([run]), add]))
        self.assertTrue(worker_operations.touches_models([wrapped([], [make])]))


class Failures(unittest.TestCase):
    def test_the_drivers_own_words_below_djangos(self):
        class Refused(Exception):
            sqlstate = "55P03"
            diag = type("Diagnosis", (), {"message_primary": "too late", "message_detail": None})

        try:
            raise OSError("wrapped") from Refused("ERROR: too late")
        except OSError as error:
            told = worker_failures.describe(error)
        self.assertEqual(
            (told["exception"], told["message"], told["sqlstate"]), ("Refused", "too late", "55P03")
        )

    def test_other_failures_as_they_are(self):
        told = worker_failures.describe(KeyError("farm"))
        self.assertEqual(
            (told["exception"], told["message"], told["sqlstate"]), ("KeyError", "'farm'", None)
        )


class Versions(unittest.TestCase):
    def test_the_first_two_numbers_count(self):
        for text, numbers in [("3.7.0", (3, 7)), ("4.0.1", (4, 0)), ("3.10.2rc1", (3, 10))]:
            with self.subTest(text=text):
                self.assertEqual(worker_support.numbers(text), numbers)


if __name__ == "__main__":
    unittest.main()
