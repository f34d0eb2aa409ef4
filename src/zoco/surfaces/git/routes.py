"""git over HTTP, under each repository's address."""

from __future__ import annotations

from starlette.routing import BaseRoute

from zoco.surfaces.git.http import fetch, head_file, info_refs, refuse_dumb
from zoco.surfaces.git.receive import receive
from zoco.surfaces.git_urls import repo_routes

routes: list[BaseRoute] = [
    *repo_routes("info/refs", info_refs, ["GET"]),
    *repo_routes("git-upload-pack", fetch, ["POST"]),
    *repo_routes("git-receive-pack", receive, ["POST"]),
    *repo_routes("HEAD", head_file, ["GET"], one_word=False),
    *repo_routes("objects/{rest:rest}", refuse_dumb, ["GET"], one_word=False),
]
