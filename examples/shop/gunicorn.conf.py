"""gunicorn finds this file by its name. WEB_CONCURRENCY is gunicorn's own variable."""

import os

bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
# Before the socket is opened: whoever can connect meets a shop that has started.
preload_app = True
# The worker's heartbeat is a file; on a container's disk it may stall.
worker_tmp_dir = "/dev/shm"
# Seconds that running requests get after SIGTERM; `docker stop` kills after 10 by default.
graceful_timeout = 8
accesslog = "-"
# Docker controls the process; another door into it is not needed.
control_socket_disable = True
