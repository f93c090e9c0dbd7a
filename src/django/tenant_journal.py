"""What is known about a tenant that is not finished, kept as the comment of its schema.

It is written in the same transaction as what it tells of, and goes with the schema: whoever comes after a
run that was killed reads here what was begun and how far it came.
"""

import json

MARK = "tenantry "


def read(cursor, schema):
    """The journal, or None; and the schema's own comment, if it has one."""
    cursor.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [schema]
    )
    (comment,) = cursor.fetchone() or (None,)
    if comment is None or not comment.startswith(MARK):
        return None, comment
    try:
        journal = json.loads(comment[len(MARK) :])
    except ValueError:
        return None, comment
    return journal, journal.get("comment")


def write(cursor, schema, journal):
    comment_on(cursor, schema, MARK + json.dumps(journal, sort_keys=True))


def close(cursor, schema):
    """Puts the schema's own comment back. Nothing is done where there is no journal."""
    journal, comment = read(cursor, schema)
    if journal is not None:
        comment_on(cursor, schema, comment)


def note(cursor, schema, done, made=None):
    """Writes down that a step is done, and what it has made.

    Nothing is written where there is no journal: the role does not own the schema.
    """
    journal, _ = read(cursor, schema)
    if journal is not None:
        journal["done"] = [*journal["done"], done]
        journal["made"].update(made or {})
        write(cursor, schema, journal)


def comment_on(cursor, schema, text):
    """COMMENT takes no parameters: the server itself quotes them."""
    if text is None:
        cursor.execute("SELECT format('COMMENT ON SCHEMA %%I IS NULL', %s::text)", [schema])
    else:
        cursor.execute(
            "SELECT format('COMMENT ON SCHEMA %%I IS %%L', %s::text, %s::text)", [schema, text]
        )
    (statement,) = cursor.fetchone()
    cursor.execute(statement)


def owns(cursor, schema):
    cursor.execute(
        "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = %s", [schema]
    )
    (found,) = cursor.fetchone() or (False,)
    return found
