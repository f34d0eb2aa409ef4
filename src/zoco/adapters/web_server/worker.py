"""One process that answers requests: an application behind a socket that it shares with its siblings.

The socket is bound by the parent, so no connection is lost while a worker is started again; whoever is free accepts,
one connection at a time, so a burst of them spreads over the workers.
"""

from __future__ import annotations

import resource
import socket

import uvicorn

from zoco.adapters import logs
from zoco.adapters.web_server.protocol import HubProtocol

FINISH_WITHIN_S = 10
"""For requests under way when the server is told to end."""

KEEP_ALIVE_S = 75
"""Longer than clients and proxies keep an idle connection: who closes first must not be the one who is asked."""

OPEN_FILES_MAX = 1 << 16
"""A download holds three; many systems start a process with 1,024."""


def run(listener: socket.socket, application: str) -> None:
    """Until SIGTERM or SIGINT. `application` is `module:function`, which builds the ASGI application."""
    logs.adopt("uvicorn")
    _raise_open_files()
    config = uvicorn.Config(
        application,
        factory=True,
        interface="asgi3",
        http=HubProtocol,
        ws="none",
        lifespan="on",
        proxy_headers=False,  # whom to believe is a setting of ours
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_WITHIN_S,
    )
    uvicorn.Server(config).run([listener])


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
