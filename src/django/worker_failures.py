"""What is told about a tenant that could not be migrated."""

import traceback

from through_manage import TRACEBACK_LINES, place_of

# What PostgreSQL says when work does not fit into one transaction.
NOT_IN_ONE_TRANSACTION = {
    "55006": "pending trigger events",
    "55P04": "a new value of an enum is used before it is committed",
    "25001": "a statement that cannot run inside a transaction",
}


def describe(error):
    """In PostgreSQL's own words where it is the one that refused."""
    refusal = refusal_of(error)
    lines = "".join(
        traceback.format_exception(type(error), error, error.__traceback__)
    ).splitlines()
    diagnosis = getattr(refusal, "diag", None)
    return {
        "exception": type(refusal or error).__name__,
        "message": getattr(diagnosis, "message_primary", None) or str(error).strip(),
        "detail": getattr(diagnosis, "message_detail", None),
        "sqlstate": sqlstate_of(error),
        "where": place_of(error),
        "traceback": "\n".join(lines[-TRACEBACK_LINES:]),
    }


def refusal_of(error):
    """The driver's own exception, which Django wraps in one of its own."""
    for one in (error, error.__cause__):
        if getattr(one, "sqlstate", None) or getattr(one, "pgcode", None):
            return one
    return None


def sqlstate_of(error):
    refusal = refusal_of(error)
    return getattr(refusal, "sqlstate", None) or getattr(refusal, "pgcode", None)


def why_not_in_one_transaction(error):
    """In words; None when it would have failed anyway."""
    from django.db.transaction import TransactionManagementError

    reason = NOT_IN_ONE_TRANSACTION.get(sqlstate_of(error))
    if reason is not None:
        return "%s: %s" % (reason, describe(error)["message"])
    durable = isinstance(error, RuntimeError) and "durable atomic block" in str(error)
    if durable or isinstance(error, TransactionManagementError):
        return str(error)
    return None
