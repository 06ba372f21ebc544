"""How the web server runs. Code is loaded once and shared by the workers, which keeps memory small."""

import gc
from pathlib import Path
from typing import Any

import psutil

from itsm import env

bind = f"{env.text('BIND', '127.0.0.1')}:{env.number('PORT', 8000)}"
workers = env.number("WEB_WORKERS", 2)
threads = env.number("WEB_THREADS", 4)
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
#: Memory of its own at which a worker makes room for another one, looked at after every so many requests.
MOST_BYTES = 120 * 2**20
LOOKS_EVERY = 50
forwarded_allow_ips = "*" if env.number("NUM_PROXIES", 0) else "127.0.0.1"
control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108  (heartbeats of the workers; a slow disk would look like a dead worker)
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def when_ready(server: Any) -> None:
    """Keep the garbage collector off what was loaded before the workers are forked, so that it stays shared."""
    gc.collect()
    gc.freeze()


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """Let a worker that grew end once it has answered: what Python took for something large it seldom gives back."""
    if worker.nr % LOOKS_EVERY == 0 and psutil.Process().memory_full_info().uss > MOST_BYTES:
        worker.alive = False
