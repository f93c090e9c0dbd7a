"""The parts of discovery that need no database."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "src", "django"))

import described_models  # noqa: E402
import expected_tables  # noqa: E402
import ledgers  # noqa: E402


class Identifiers(unittest.TestCase):
    def test_a_name_is_kept_as_postgresql_keeps_it(self):
        for name, kept in [
            ("orders_order", "orders_order"),
            ('"Orders"', "Orders"),
            ("x" * 70, "x" * 63),
            ("ä" * 40, "ä" * 31),
        ]:
            with self.subTest(name=name):
                self.assertEqual(expected_tables.identifier(name), kept)

    def test_quotes_in_a_schema_name_end_nothing(self):
        self.assertEqual(ledgers.quoted('a"; DROP'), '"a""; DROP"')


class Readable(unittest.TestCase):
    def test_why_a_ledger_cannot_be_read(self):
        for found, reason in [
            ({"usage": True, "ledger": True, "select": True}, None),
            ({"usage": True, "ledger": False, "select": True}, None),
            ({"usage": False, "ledger": True, "select": True}, "no USAGE"),
            ({"usage": True, "ledger": True, "select": False}, "no SELECT"),
        ]:
            with self.subTest(found=found):
                because = ledgers.unreadable_because(found)
                self.assertEqual(because is None, reason is None)
                self.assertIn(reason or "", because or "")


class Defaults(unittest.TestCase):
    def test_only_plain_values_go_into_the_answer(self):
        self.assertTrue(all(map(described_models.is_plain, [None, True, 1, 1.5, "a"])))
        self.assertFalse(any(map(described_models.is_plain, [dict, [], {}, object()])))


if __name__ == "__main__":
    unittest.main()
