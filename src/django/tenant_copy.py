"""Copies the rows of one tenant into another whose tables are the same."""

import tenant_journal
from ledgers import LEDGER, quoted

# Its own ledger tells how its tables were made; a copied session would let people in who never logged in.
NOT_COPIED = (LEDGER, "django_session")


def copy_rows(request, connection):
    """Everything as it is at one moment, in one transaction; noted in the journal with it."""
    from django.db import transaction

    schema, source = request["schema"], request["source"]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = tables_of(cursor, schema)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            # The copy must not run the triggers of the project: their work is in the rows already.
            cursor.execute("ALTER TABLE %s DISABLE TRIGGER USER" % place(schema, table))
        for table in tables:
            # What the migrations have put there comes with the other rows.
            cursor.execute("DELETE FROM %s" % place(schema, table))
        copied = {table: copy_table(cursor, source, schema, table) for table in tables}
        copy_sequences(cursor, source, schema)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute("ALTER TABLE %s ENABLE TRIGGER USER" % place(schema, table))
        tenant_journal.note(cursor, schema, "rows")
    return {"tables": len(copied), "rows": sum(copied.values())}


def tables_of(cursor, schema):
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relname <> ALL(%s) ORDER BY 1",
        [schema, list(NOT_COPIED)],
    )
    return [name for (name,) in cursor.fetchall()]


def copy_table(cursor, source, schema, table):
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum), bool_or(attidentity <> '')"
        " FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [place(schema, table)],
    )
    columns, has_identity = cursor.fetchone()
    overriding = "OVERRIDING SYSTEM VALUE " if has_identity else ""
    into, out_of = place(schema, table), place(source, table)
    cursor.execute(
        "INSERT INTO %s (%s) %sSELECT %s FROM %s" % (into, columns, overriding, columns, out_of)
    )
    cursor.execute("SELECT (SELECT count(*) FROM %s), (SELECT count(*) FROM %s)" % (into, out_of))
    have, wanted = cursor.fetchone()
    if have != wanted:
        raise ValueError("%s has %d rows instead of %d" % (table, have, wanted))
    return have


def copy_sequences(cursor, source, schema):
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind = 'S'",
        [schema],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(
            "SELECT setval(%%s::regclass, last_value, is_called) FROM %s" % place(source, name),
            [place(schema, name)],
        )


def place(schema, name):
    return "%s.%s" % (quoted(schema), quoted(name))
