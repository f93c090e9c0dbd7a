"""What the function of a RunPython works with, as far as its text tells."""

import ast
import inspect
import textwrap
import types


def what_it_uses(function):
    """Models that it asks the migration's state for, and those of today's code that it uses instead."""
    found = {"models": set(), "live": set()}
    for one in with_its_own(function, set()):
        found["live"] |= live_names(one)
        look_into(one, found)
    return found


def with_its_own(function, seen):
    """The function and those of its own module that it calls."""
    function = inspect.unwrap(getattr(function, "func", function))
    if not isinstance(function, types.FunctionType) or function in seen:
        return
    seen.add(function)
    yield function
    for name in names_in(function.__code__):
        called = function.__globals__.get(name)
        if isinstance(called, types.FunctionType) and called.__module__ == function.__module__:
            yield from with_its_own(called, seen)


def names_in(code):
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
    return names


def live_names(function):
    """Classes of models, and modules of them, that stand in the module's own names."""
    from django.db.models import Model

    live = set()
    for name in names_in(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, type) and issubclass(value, Model):
            live.add("%s.%s" % (value.__module__, value.__name__))
        elif isinstance(value, types.ModuleType) and is_models(value.__name__):
            live.add(value.__name__)
    return live


def is_models(module):
    return module.split(".")[-1] == "models" and not module.startswith("django.")


def look_into(function, found):
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and is_models(node.module or "models"):
            found["live"].update(
                "%s.%s" % (node.module or "models", one.name) for one in node.names
            )
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "get_model":
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            words += [one.value.value for one in node.keywords if isinstance(one.value, ast.Constant)]
            parts = ".".join(map(str, words)).split(".")
            if len(parts) == 2:
                found["models"].add((parts[0], parts[1].lower()))
