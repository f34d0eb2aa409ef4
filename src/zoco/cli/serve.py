"""`zoco serve`: a parent that keeps web workers and one jobs process, and ends them with itself."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zoco.adapters import logs
from zoco.cli.kept_process import KeptProcess
from zoco.settings import Settings, as_environment, load

if TYPE_CHECKING:
    from zoco.adapters.db.engine import Database

WEB_PAUSE_S = 1.0
"""Before a web worker is started again: connections wait in the meantime, or go to its siblings."""

_PYTHON = (sys.executable, "-m")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (7860)")
    parser.add_argument("--workers", type=int, help="web worker processes (one for each core)")
    parser.add_argument("--public-url", help="address the Hub is reached at, e.g. https://hub.example.org")


def run(args: argparse.Namespace) -> int:
    with ExitStack() as held:
        try:
            settings = load(
                args.data,
                host=args.host,
                port=args.port,
                workers=args.workers,
                public_url=args.public_url,
                database_url=args.database_url,
                storage_url=args.storage_url,
            )
            listener = held.enter_context(_bound(settings))
            settings = replace(settings, port=listener.getsockname()[1])
            _prepare(settings)
        except (ValueError, OSError) as error:
            print(f"zoco: {error}", file=sys.stderr)
            return 2
        logs.set_up(settings.log_level)
        os.environ.update(as_environment(settings))
        _serve(settings, listener)
    return 0


def _prepare(settings: Settings) -> None:
    """Everything that can fail fails here, before a process is started. Raises ValueError with the cure."""
    from zoco.adapters.db.migrate import prepare
    from zoco.adapters.db.open import open_database
    from zoco.assembly import discard_leftovers, open_storage
    from zoco.hub.accounts.keyring import master_key, signing_key

    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    _claim(settings.data)
    discard_leftovers(settings)
    master = master_key(settings)
    db = open_database(settings)
    try:
        prepare(db, settings)
        signing_key(db, master)
        open_storage(settings, db)
        _greet(settings, db)
    finally:
        db.close()


def _claim(data: Path) -> None:
    """One `zoco serve` for each data folder: it holds this lock, and its end, however it comes, lets go of it."""
    descriptor = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ValueError(f"another zoco serve runs on {data}: stop it, or choose another --data") from error


def _bound(settings: Settings) -> socket.socket:
    """The port, taken but closed: the workers open it when they are ready. Raises ValueError."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ValueError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}): "
            "stop what listens there, or choose another --port"
        ) from error
    return listener


def _greet(settings: Settings, db: Database) -> None:
    from zoco.hub.accounts.links import make_setup_link

    address = settings.public_url.rstrip("/") or f"http://{_reachable(settings.host)}:{settings.port}"
    print(f"Zoco is at      {address}")
    print(f"Its data is in  {settings.data}")
    if link := make_setup_link(db):
        print(f"First of all, create the administrator (once, within a day):\n                {address}{link}")
    if not settings.sign_up_is_open:
        print("Sign-up is closed: create accounts with `zoco user add`, or set ZOCO_SIGN_UP=open")
    if not settings.public_url.startswith("https://") and not address.startswith("http://127."):
        print("Passwords and tokens travel unencrypted: put an HTTPS proxy in front for more than a trusted network")
    sys.stdout.flush()


def _reachable(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _serve(settings: Settings, listener: socket.socket) -> None:
    """Until SIGTERM or Ctrl-C. Whatever order they come in, the web workers end together and the jobs process last."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    descriptor = listener.fileno()
    with ExitStack() as children:
        children.enter_context(KeptProcess([*_PYTHON, "zoco.cli.main", "worker", "--end-with-parent"]))
        web = [
            KeptProcess([*_PYTHON, "zoco.cli.web_worker", str(descriptor)], pass_fds=[descriptor], pause_s=WEB_PAUSE_S)
            for _ in range(settings.workers or os.cpu_count() or 1)
        ]
        for worker in web:
            children.enter_context(worker)
        stop.wait()
        for worker in web:
            worker.ask_to_end()
        listener.close()  # nobody waits at a door that is not opened again
