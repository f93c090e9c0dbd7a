"""libpq's own reading of connection strings: JSON texts in, one a line; JSON answers out, in the same order."""

import json
import sys

import psycopg
from psycopg.conninfo import conninfo_to_dict

print(
    json.dumps(
        {
            "libpq": psycopg.pq.version(),
            # Each parameter with the variable of the environment that stands in for it.
            "parameters": {
                option.keyword.decode(): option.envvar and option.envvar.decode()
                for option in psycopg.pq.Conninfo.get_defaults()
            },
        }
    )
)
for line in sys.stdin:
    try:
        answer = {"accepted": conninfo_to_dict(json.loads(line))}
    except (psycopg.ProgrammingError, UnicodeError) as error:
        answer = {"refused": type(error).__name__, "message": str(error)}
    print(json.dumps(answer))
