"""Migrations that are recorded and not in the code: is the code older, or was one renamed?"""

import re

from ledgers import label


def described_ghosts(loader, histories):
    """Each ghost once, with what the ledgers that hold it make of it together."""
    highest = {}
    for app, name in loader.disk_migrations:
        highest[app] = max(highest.get(app, -1), number_of(name))
    found = {}
    for history in histories:
        for ghost in history.ghosts:
            about = found.setdefault(
                ghost, {"migration": label(ghost), "newer": False, "looksLike": None}
            )
            about["newer"] = about["newer"] or is_newer(ghost, history.applied, loader, highest)
            about["looksLike"] = about["looksLike"] or renamed_to(ghost, history)
    return [found[ghost] for ghost in sorted(found)]


def is_newer(ghost, applied, loader, highest):
    """Its number is higher than all that the code has of its app, and it was applied after them.

    Both: files that were replaced by a squashed one and deleted have higher numbers, but are older.
    An app of which the code has nothing was most probably removed.
    """
    app, name = ghost
    if app not in highest:
        return False
    if 0 <= number_of(name) <= highest[app]:
        return False
    return is_latest(ghost, applied, loader)


def is_latest(ghost, applied, loader):
    """Nothing of its app that the code has was applied after it."""
    return all(
        when <= applied[ghost]
        for key, when in applied.items()
        if key[0] == ghost[0] and key in loader.disk_migrations
    )


def renamed_to(ghost, history):
    """A pending migration of the app with the same name but for its number, or the same number."""
    if history.inconsistent:
        return None
    app, name = ghost
    pending = [other for other_app, other in history.plan if other_app == app]
    for other in pending:
        if bare(other) == bare(name):
            return label((app, other))
    if not is_latest(ghost, history.applied, history.loader):
        return None
    same = [other for other in pending if number_of(other) == number_of(name) >= 0]
    return label((app, same[0])) if same else None


def bare(name):
    return re.sub(r"^\d+_?", "", name) or name


def number_of(name):
    """The number in front; of a squashed migration the last that it replaces; -1 without one."""
    numbers = re.match(r"(\d+)", name), re.search(r"_squashed_(\d+)", name)
    return max((int(found[1]) for found in numbers if found), default=-1)
