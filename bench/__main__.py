"""Every measurement in turn. One alone: `python -m bench.push`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

SHARED = {"__main__", "catalogue_peer", "lfs", "made_catalogue", "peers", "report"}


def main() -> None:
    names = sys.argv[1:] or sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in SHARED)
    for name in names:
        print(f"\n# {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
