"""The content-addressed store under `/xet/{instance}-{generation}`. What is not here is a plain 404: clients then fall
back to what is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import zoco.surfaces.routing  # noqa: F401 - registers the convertors that the routes below name
from zoco.core.errors import NotFound
from zoco.surfaces.xet.chunks import find_chunk
from zoco.surfaces.xet.fetch import get_ranges
from zoco.surfaces.xet.grants import commit_xorb, grant_xorb
from zoco.surfaces.xet.reconstructions import file_size, reconstruction_v1, reconstruction_v2
from zoco.surfaces.xet.shards import register_shard, register_shard_with_events
from zoco.surfaces.xet.xorbs import put_xorb, xorb_size


async def telemetry(_request: Request) -> Response:
    """Nothing is kept. Clients drop the path of the store's address and post to the root."""
    return Response(status_code=204)


async def unknown(_request: Request) -> Response:
    raise NotFound("This store has no such call.")


_CAS = "/xet/{segment:seg}"

routes: list[BaseRoute] = [
    Route("/xet/fetch/{hash:seg}", get_ranges, methods=["GET"]),
    Route(f"{_CAS}/v1/xorbs/{{prefix:seg}}/{{hash:seg}}", put_xorb, methods=["POST"]),
    Route(f"{_CAS}/v1/xorbs/{{prefix:seg}}/{{hash:seg}}", xorb_size, methods=["HEAD"]),
    Route(f"{_CAS}/v1/xorb-grants/{{prefix:seg}}/{{hash:seg}}", grant_xorb, methods=["POST"]),
    Route(f"{_CAS}/v1/xorb-commits/{{prefix:seg}}/{{hash:seg}}/grant/{{grant:seg}}", commit_xorb, methods=["POST"]),
    Route(f"{_CAS}/v2/shards", register_shard_with_events, methods=["POST"]),
    Route(f"{_CAS}/v1/shards", register_shard, methods=["POST"]),
    Route(f"{_CAS}/v2/reconstructions/{{hash:seg}}", reconstruction_v2, methods=["GET"]),
    Route(f"{_CAS}/v1/reconstructions/{{hash:seg}}", reconstruction_v1, methods=["GET"]),
    Route(f"{_CAS}/v1/files/{{hash:seg}}", file_size, methods=["HEAD"]),
    Route(f"{_CAS}/v1/chunks/{{prefix:seg}}/{{hash:seg}}", find_chunk, methods=["GET"]),
    Route(f"{_CAS}/v1/telemetry", telemetry, methods=["POST"]),
    Route("/v1/telemetry", telemetry, methods=["POST"]),
    Route("/xet/{rest:rest}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
]
