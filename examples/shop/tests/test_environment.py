import os
import subprocess
import sys
from unittest import TestCase

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from shop.environment import ENGINE, database, flag, words

PARTS = {
    "DB_NAME": "parts",
    "DB_USER": "ana",
    "DB_PASSWORD": "p@ss",
    "DB_HOST": "db",
    "DB_PORT": "6",
}


class DatabaseTest(TestCase):
    def test_url(self) -> None:
        found = database({"DATABASE_URL": "postgresql://ana:p%40ss@db:6543/url?sslmode=require"})
        self.assertEqual(found["ENGINE"], ENGINE)
        self.assertEqual(
            [found[part] for part in ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")],
            ["ana", "p@ss", "db", 6543, "url", {"sslmode": "require"}],
        )

    def test_parts(self) -> None:
        found = database(PARTS)
        self.assertEqual(found["ENGINE"], ENGINE)
        self.assertEqual(
            [found[part] for part in ("USER", "PASSWORD", "HOST", "PORT", "NAME")],
            ["ana", "p@ss", "db", "6", "parts"],
        )

    def test_url_wins_over_parts(self) -> None:
        self.assertEqual(database({**PARTS, "DATABASE_URL": "postgres://db/url"})["NAME"], "url")

    def test_neither(self) -> None:
        with self.assertRaisesRegex(ImproperlyConfigured, "Neither DATABASE_URL nor DB_NAME"):
            database({"DATABASE_URL": "", "DB_USER": "ana"})


class ValueTest(TestCase):
    def test_flag(self) -> None:
        for text, expected in (
            ("1", True),
            (" True ", True),
            ("on", True),
            ("0", False),
            ("", False),
        ):
            self.assertIs(flag({"DEBUG": text}, "DEBUG"), expected, text)

    def test_words(self) -> None:
        self.assertEqual(
            words({"HOSTS": ".shop.test, shop.test,,"}, "HOSTS"), [".shop.test", "shop.test"]
        )
        self.assertEqual(words({}, "HOSTS"), [])


class SecretKeyTest(TestCase):
    def test_the_shop_does_not_start_without_it(self) -> None:
        environment = {**os.environ, "SECRET_KEY": ""}
        run = subprocess.run(
            [sys.executable, "-c", "import shop.settings"],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
        )
        self.assertEqual(run.returncode, 1)
        self.assertIn("ImproperlyConfigured: SECRET_KEY is not set", run.stderr)
