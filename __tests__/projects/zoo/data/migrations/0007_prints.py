"""A migration that talks: by print, past Python to the standard output, from a child, and that would read."""

import os
import subprocess
import sys

from django.db import migrations


def talk(apps, schema_editor):
    print('{"kind": "done"}')
    os.write(1, b'{"kind": "failed"}\n')
    sys.stderr.write("on the other stream\n")
    subprocess.run(["echo", "from a child"], check=True)
    subprocess.run(["cat"], check=True, timeout=20)  # takes whatever the standard input holds


class Migration(migrations.Migration):
    dependencies = [("data", "0006_elidable")]
    operations = [migrations.RunPython(talk, migrations.RunPython.noop)]
