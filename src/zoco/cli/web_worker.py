"""A web worker of `zoco serve`, which starts it: `python -m zoco.cli.web_worker DESCRIPTOR` of the listening socket."""

from __future__ import annotations

import socket
import sys

from zoco.adapters.parent import die_with_parent
from zoco.adapters.web_server.worker import run

APPLICATION = "zoco.app:build"


def main() -> None:
    die_with_parent()
    listener = socket.socket(fileno=int(sys.argv[1]))
    listener.set_inheritable(False)
    try:
        run(listener, APPLICATION)
    except KeyboardInterrupt:  # Ctrl-C reaches every process of the terminal; all requests have been answered
        sys.exit(130)


if __name__ == "__main__":
    main()
