"""The parts of discovery that need no database."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "src", "django"))

import described_models
import ghosts
import ledgers
import model_tables
import old_code
import operations


class Identifiers(unittest.TestCase):
    def test_a_name_is_kept_as_postgresql_keeps_it(self):
        for name, kept in [
            ("orders_order", "orders_order"),
            ('"Orders"', "Orders"),
            ("x" * 70, "x" * 63),
            ("ä" * 40, "ä" * 31),
        ]:
            with self.subTest(name=name):
                self.assertEqual(model_tables.identifier(name), kept)

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


class Ghosts(unittest.TestCase):
    def test_the_number_of_a_migration(self):
        for name, number in [
            ("0005_note", 5),
            ("0001_squashed_0004_order_status", 4),
            ("0012", 12),
            ("add_note", -1),
        ]:
            with self.subTest(name=name):
                self.assertEqual(ghosts.number_of(name), number)

    def test_the_name_without_its_number(self):
        for name, bare in [("0005_note", "note"), ("0005", "0005"), ("note", "note")]:
            with self.subTest(name=name):
                self.assertEqual(ghosts.bare(name), bare)

    def test_newer_is_what_has_a_higher_number_and_came_later(self):
        loader = Loader({("orders", "0004_status")})
        for name, when, newer in [
            ("0005_note", 9, True),
            ("0005_note", 1, False),  # was squashed: something that the code has came later
            ("0003_gone", 9, False),
            ("note", 9, True),
        ]:
            with self.subTest(name=name, when=when):
                ghost = ("orders", name)
                applied = {("orders", "0004_status"): 5, ghost: when, ("other", "0001"): 99}
                self.assertEqual(ghosts.is_newer(ghost, applied, loader, {"orders": 4}), newer)

    def test_what_is_left_of_an_app_that_was_removed_is_not_newer(self):
        ghost = ("polls", "0001_initial")
        self.assertFalse(ghosts.is_newer(ghost, {ghost: 9}, Loader(set()), {"orders": 4}))


class Loader:
    def __init__(self, disk_migrations):
        self.disk_migrations = disk_migrations


class OldCode(unittest.TestCase):
    def test_types_that_take_all_that_they_took_before(self):
        for was, becomes, wider in [
            ("varchar(20)", "varchar(40)", True),
            ("varchar(40)", "varchar(20)", False),
            ("varchar(40)", "varchar", True),
            ("varchar(40)", "text", True),
            ("integer", "bigint", True),
            ("bigint", "integer", False),
            ("text", "varchar(40)", False),
            ("integer", "text", False),
        ]:
            with self.subTest(was=was, becomes=becomes):
                self.assertEqual(old_code.is_wider(was, becomes), wider)


class Operation:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Operations(unittest.TestCase):
    def test_what_works_on_the_database_is_taken_out_of_its_wrapping(self):
        first, second, third = Operation(), Operation(), Operation()
        wrapped = Operation(database_operations=[second, Operation(database_operations=[third])])
        found = list(operations.database_operations([first, wrapped]))
        self.assertEqual(found, [first, second, third])

    def test_the_text_of_sql_in_its_forms(self):
        for sql, text in [
            ("SELECT 1", "SELECT 1"),
            (["SELECT 1", ("SELECT %s", [2])], "SELECT 1\nSELECT %s"),
            (None, ""),
        ]:
            with self.subTest(sql=sql):
                self.assertEqual(operations.sql_of(Operation(sql=sql)), text)


if __name__ == "__main__":
    unittest.main()
