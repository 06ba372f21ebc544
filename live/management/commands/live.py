"""``manage.py live``: the process that keeps the streams of live updates open."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import get_resolver

from live.hub import URLS, Hub
from live.server import Application


class Command(BaseCommand):
    """Serves until it is ended."""

    help = "Serve live updates: streams of what changed, for all open pages."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default=settings.LIVE_HOST)
        parser.add_argument("--port", type=int, default=settings.LIVE_PORT or 8001)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the event loop."""
        get_resolver(URLS).url_patterns  # noqa: B018 - loads what lines are drawn with, before anybody waits for it
        gc.collect()
        gc.freeze()
        asyncio.run(serve(options["host"], options["port"]))


async def serve(host: str, port: int) -> None:
    """Keep streams open on ``host:port`` until SIGTERM or Ctrl-C."""
    hub = Hub()
    config = uvicorn.Config(
        Application(hub),
        host=host,
        port=port,
        http="httptools",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.NUM_PROXIES > 0,
        forwarded_allow_ips="*",
        timeout_graceful_shutdown=1,
        backlog=2048,
    )
    server = uvicorn.Server(config)
    work = asyncio.create_task(hub.run())
    work.add_done_callback(lambda _done: setattr(server, "should_exit", True))  # not half dead
    await server.serve()
    work.cancel()
    [found] = await asyncio.gather(work, return_exceptions=True)
    if isinstance(found, Exception):
        raise found
