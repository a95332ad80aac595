"""How gunicorn serves the product: under `make run`, in the container and in the rehearsal alike.

Beside these: no `preload_app`, since `glexia.warming` opens database connections that no fork may
share, and a worker that loads the code itself takes up a new version on SIGHUP without losing a
request; and no `max_requests`, since nothing here grows without bound, and every new worker begins
with an empty cache.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from glexia import env, logs, production, serving

try:
    _production = production.wanted()
    _port, _metrics_port = serving.ports()
    _metrics = bool(_metrics_port or env.text("METRICS_TOKEN"))
    _host = env.text("WEB_HOST", "127.0.0.1")
    workers = env.number("WEB_WORKERS", serving.usual_workers(), least=1, most=256)
    threads = env.number("WEB_THREADS", 4, least=1, most=64)
    logconfig_dict = logs.from_environment(production=_production)
except env.SettingError as error:
    sys.exit(str(error))

wsgi_app = "glexia.wsgi:application"
bind = [f"{_host}:{_port}"] + ([f"{_host}:{_metrics_port}"] if _metrics_port else [])
worker_class = "glexia.serving.Worker"
# A worker whose main thread says nothing for so long is dead; requests may take longer.
timeout = 60
graceful_timeout = serving.GRACEFUL_SECONDS
# Longer than a proxy keeps an idle connection (nginx: 60 s), so that none is closed under it.
keepalive = 65
# What is longer is refused before Django sees it (414, 431; glexia.unreadable).
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# Only Django decides whom to believe about TLS (SECURE_PROXY_SSL_HEADER) and addresses.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Heartbeats go to memory: a slow disk must not make a worker look dead.
if os.access("/dev/shm", os.W_OK):  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True
logger_class = "glexia.serving.Log"

# Where workers keep their counts for the others to add up; begun anew with each start.
if _metrics:
    _mark = "glexia-metrics-"
    _counts = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or tempfile.mkdtemp(prefix=_mark)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _counts

    def on_exit(_server: object) -> None:
        """Clear the counts away, where they were made here."""
        if Path(_counts).name.startswith(_mark):
            shutil.rmtree(_counts, ignore_errors=True)
