from __future__ import annotations

from tests.services import postgres_server, s3_server

__all__ = ["postgres_server", "s3_server"]
