"""What the ledgers (the tables django_migrations) say.

Of each ledger a digest is read first; the rows are read once per distinct ledger.
"""

LEDGER = "django_migrations"
# One statement over many schemas takes longer than several over fewer, and could need more locks
# than a server has by default.
SCHEMAS_PER_STATEMENT = 100


def read_schemas(connection):
    """Every schema that is not PostgreSQL's own, and whether its ledger can be read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE'), c.oid IS NOT NULL,"
            " coalesce(has_table_privilege(c.oid, 'SELECT'), true)"
            " FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
            " AND c.relname = '%s' AND c.relkind IN ('r', 'p', 'v', 'f')"
            " WHERE left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'" % LEDGER
        )
        return {
            name: {"usage": usage, "ledger": ledger, "select": select}
            for name, usage, ledger, select in cursor.fetchall()
        }


def read_ledgers(connection, schemas, names):
    """The schemas `names` by what their ledgers say, and those without an answer."""
    present = [name for name in names if name in schemas]
    reasons = {name: unreadable_because(schemas[name]) for name in present}
    unreadable = {name: reason for name, reason in reasons.items() if reason}
    readable = [name for name in present if name not in unreadable]

    digests, failed = read_digests(connection, [n for n in readable if schemas[n]["ledger"]])
    unreadable.update(failed)
    alike = {}
    for name, digest in digests.items():
        alike.setdefault(tuple(digest), []).append(name)

    members, duplicates = {}, []
    for (rows, _), names_alike in alike.items():
        applied = read_ledger(connection, names_alike[0])
        same = members.setdefault(frozenset(applied), {"applied": applied, "schemas": []})
        same["schemas"] += names_alike
        if rows > len(applied):  # a row twice makes another digest of the same ledger
            duplicates += names_alike
    ledgers = [{"ledger": True, **members[keys]} for keys in sorted(members, key=sorted)]
    without = [name for name in readable if not schemas[name]["ledger"]]
    if without:
        ledgers.insert(0, {"ledger": False, "schemas": without, "applied": {}})
    return {
        "ledgers": ledgers,
        "withoutSchema": [name for name in names if name not in schemas],
        "unreadable": [{"schema": n, "reason": unreadable[n]} for n in sorted(unreadable)],
        "duplicates": [
            {"schema": name, "migrations": read_duplicates(connection, name)} for name in duplicates
        ],
    }


def unreadable_because(found):
    if not found["usage"]:
        return "this role may not use the schema (no USAGE)"
    if found["ledger"] and not found["select"]:
        return "this role may not read %s (no SELECT)" % LEDGER
    return None


def read_digests(connection, names):
    """What each ledger holds, as two numbers: nothing has to be sorted, nothing long travels."""
    digest = "count(*), sum(hashtextextended(app || ' ' || name, 0))"
    return ask_each(connection, names, lambda schema: f"{digest} FROM {schema}.{LEDGER}")


def read_last_applied(connection, names):
    """When each schema's last migration was applied; None where nobody knows."""
    date = "to_char(max(applied) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
    found, _ = ask_each(connection, names, lambda schema: f"{date} FROM {schema}.{LEDGER}")
    return {name: found[name][0] if name in found else None for name in names}


def ask_each(connection, names, question):
    """Asks the same of many schemas, in few statements: the answers, and why some have none.

    `question` makes the rest of a SELECT from a quoted schema; it must give one row.
    """
    from django.db import Error, OperationalError

    answers, failed = {}, {}
    for start in range(0, len(names), SCHEMAS_PER_STATEMENT):
        batch = names[start : start + SCHEMAS_PER_STATEMENT]
        statement = " UNION ALL ".join(
            f"SELECT {index}, {question(quoted(name))}" for index, name in enumerate(batch)
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                answers.update((batch[index], answer) for index, *answer in cursor.fetchall())
        except Error as error:
            if isinstance(error, OperationalError) and not was_stopped(error):
                raise
            connection.rollback()
            if len(batch) == 1:
                failed[batch[0]] = str(error).strip().splitlines()[0]
                continue
            for name in batch:
                alone, broken = ask_each(connection, [name], question)
                answers.update(alone)
                failed.update(broken)
    return answers, failed


def was_stopped(error):
    """A lock that was not free in time: this table, and not the connection, is in trouble."""
    cause = error.__cause__
    return "55P03" in (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None))


def read_ledger(connection, name):
    """What is recorded, and when."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app, name, max(applied) FROM %s.%s GROUP BY app, name" % (quoted(name), LEDGER)
        )
        return {(app, migration): applied for app, migration, applied in cursor.fetchall()}


def read_duplicates(connection, name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app, name FROM %s.%s GROUP BY app, name HAVING count(*) > 1 ORDER BY 1, 2"
            % (quoted(name), LEDGER)
        )
        return [label(key) for key in cursor.fetchall()]


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def label(key):
    return "%s.%s" % tuple(key)
