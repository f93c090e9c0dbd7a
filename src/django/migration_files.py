"""The file of a migration: where its operations stand, and what is said to Tenantry in its comments."""

import ast
import io
import os
import sys
import tokenize

SPOKEN_TO = "tenantry:"


class MigrationFile:
    def __init__(self, migration):
        module = sys.modules.get(type(migration).__module__)
        self.path, self.lines, self.comments = None, [], []
        path = getattr(module, "__file__", None)
        if path is None or not path.endswith(".py"):
            return
        here = os.path.join(os.path.realpath(os.getcwd()), "")
        path = os.path.realpath(path)
        if not path.startswith(here) or "site-packages" in path:
            return  # an installed package: nobody can write into its file
        self.path = path[len(here):]
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.lines = list(lines_of_operations(ast.parse(text)))
            self.comments = list(comments_in(text))
        except (OSError, SyntaxError, UnicodeDecodeError, tokenize.TokenError):
            return

    def line_of(self, index):
        """The line of an operation; the first one where they are not written as a list."""
        return self.lines[index] if index < len(self.lines) else 1


def lines_of_operations(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or node.name != "Migration":
            continue
        for statement in node.body:
            names = [getattr(one, "id", None) for one in getattr(statement, "targets", [])]
            if "operations" in names and isinstance(statement.value, ast.List):
                for element in statement.value.elts:
                    yield element.lineno


def comments_in(text):
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and SPOKEN_TO in token.string:
            said = token.string.split(SPOKEN_TO, 1)[1].strip()
            yield {"line": token.start[0], "text": said}
