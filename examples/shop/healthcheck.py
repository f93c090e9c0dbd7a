"""Docker's HEALTHCHECK: asks this container's own /health/ and prints what it said."""

import sys
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

REQUEST = Request("http://127.0.0.1:8000/health/", headers={"Host": "localhost"})
# A proxy from the environment must not stand between a container and itself.
OPENER = build_opener(ProxyHandler({}))

try:
    with OPENER.open(REQUEST, timeout=3) as answer:
        print(answer.read().decode())
except HTTPError as error:
    sys.exit(f"{error.code} {error.read().decode()}")
except OSError as error:
    sys.exit(f"no answer: {error}")
