"""Xet with an S3 store: xorbs go there and come from there directly, and the Hub verifies what was sent."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clients.hf_client import api_of, hf
from tests.running import Person, Server
from tests.services import S3Server

from zoco.formats.xet.xorb import Scheme, XorbParser, encode_xorb

pytestmark = [pytest.mark.client, pytest.mark.s3]


@pytest.fixture
def server(own_server: Callable[..., Server], s3_server: S3Server) -> Server:
    return own_server(**settings(s3_server)).start()


@pytest.fixture
def ana(server: Server) -> Person:
    return server.person("ana")


def settings(s3: S3Server) -> dict[str, str]:
    return {
        "storage_url": s3.fresh_bucket(),
        "storage_endpoint": s3.endpoint,
        "storage_access_key": s3.access_key,
        "storage_secret_key": s3.secret_key,
    }


def test_xorbs_go_to_the_store_and_come_from_it(
    server: Server, ana: Person, s3_server: S3Server, tmp_path: Path
) -> None:
    """Over the Hub's own wire go only questions and answers."""
    data, file = os.urandom(9_000_000), tmp_path / "model.bin"
    file.write_bytes(data)
    hf(server, tmp_path, "upload", "ana/m", str(file), "model.bin", HF_TOKEN=ana.token)
    assert not server.requests("POST", "/v1/xorbs/")
    assert [one.status for one in server.requests("POST", "/xorb-commits/")] == [200]
    hf(server, tmp_path, "download", "ana/m", "--local-dir", str(tmp_path / "copy"), HF_TOKEN=ana.token)
    assert (tmp_path / "copy" / "model.bin").read_bytes() == data
    assert not server.requests("GET", "/xet/fetch/")
    address = f"{server.url}/ana/m/resolve/main/model.bin"
    assert httpx.get(address).content == data
    assert httpx.get(address, headers={"Range": "bytes=4000000-4000099"}).content == data[4_000_000:4_000_100]
    assert "Signature" not in server.log.read_text()


def test_a_store_that_clients_cannot_reach_is_spared_them(
    own_server: Callable[..., Server], s3_server: S3Server, tmp_path: Path
) -> None:
    server = own_server(direct_transfers="off", **settings(s3_server)).start()
    ana = server.person("ana")
    data, file = os.urandom(3_000_000), tmp_path / "model.bin"
    file.write_bytes(data)
    hf(server, tmp_path, "upload", "ana/m", str(file), "model.bin", HF_TOKEN=ana.token)
    assert server.requests("POST", "/v1/xorbs/")
    hf(server, tmp_path, "download", "ana/m", "--local-dir", str(tmp_path / "copy"), HF_TOKEN=ana.token)
    assert (tmp_path / "copy" / "model.bin").read_bytes() == data
    assert server.requests("GET", "/xet/fetch/")


def xorb() -> tuple[str, bytes]:
    """Of two chunks, that nobody else has."""
    body = encode_xorb([os.urandom(100_000), os.urandom(100_000)], Scheme.NONE)
    parser = XorbParser()
    parser.feed(body)
    return parser.finish()[0], body


class Cas:
    """The store as `person` sees it, for one repository."""

    def __init__(self, server: Server, person: Person, repo: str) -> None:
        token = httpx.get(
            f"{server.url}/api/models/{repo}/xet-write-token/main",
            headers={"Authorization": f"Bearer {person.token}"},
        ).json()
        self.url, self.headers = token["casUrl"], {"Authorization": f"Bearer {token['accessToken']}"}
        self._database = server.data / "zoco.db"

    def grant(self, name: str, length: int) -> httpx.Response:
        body = {"length": length, "checksum": {"algo": "crc64nvme", "value": "1"}}
        return httpx.post(f"{self.url}/v1/xorb-grants/default/{name}", json=body, headers=self.headers)

    def commit(self, name: str, grant: dict[str, Any]) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/xorb-commits/default/{name}/grant/{grant['id']}", headers=self.headers)

    def has(self, name: str) -> bool:
        """By the row: the wire tells only of xorbs that a file of the repository rests in."""
        with closing(sqlite3.connect(self._database)) as db:
            return db.execute("SELECT 1 FROM xet_xorb WHERE hash = ?", [name]).fetchone() is not None


@pytest.fixture
def cas(server: Server, ana: Person) -> Cas:
    return Cas(server, ana, api_of(server, ana).create_repo("ana/m").repo_id)


def put(grant: dict[str, Any], data: bytes) -> int:
    return httpx.put(grant["url"], content=data, headers=grant["headers"]).status_code


def test_nothing_counts_before_it_is_verified(cas: Cas) -> None:
    name, body = xorb()
    grant = cas.grant(name, len(body)).json()
    assert cas.commit(name, grant).status_code == 404, "nothing was sent"
    assert put(grant, body) == 200
    assert not cas.has(name)
    assert cas.commit(name, grant).json() == {"was_inserted": True}
    assert cas.has(name)
    assert cas.commit(name, grant).status_code == 200, "said twice"


def test_other_bytes_are_refused_and_thrown_away(cas: Cas) -> None:
    name, body = xorb()
    evil = bytearray(body)
    evil[5000] ^= 1
    grant = cas.grant(name, len(body)).json()
    assert put(grant, bytes(evil)) == 200
    answer = cas.commit(name, grant)
    assert answer.status_code == 400
    assert "damaged" in answer.headers["X-Error-Message"]
    assert not cas.has(name)
    assert cas.commit(name, grant).status_code == 404


def test_bytes_cannot_be_replaced_after_they_were_verified(cas: Cas) -> None:
    """The address is still good by its date: the upload it belongs to is over."""
    name, body = xorb()
    grant = cas.grant(name, len(body)).json()
    put(grant, body)
    assert cas.commit(name, grant).status_code == 200
    assert put(grant, bytes(len(body))) >= 400
    again = cas.grant(name, len(body)).json()
    put(again, bytes(len(body)))
    assert cas.commit(name, again).status_code == 400
    assert cas.has(name)


def test_an_address_takes_only_the_length_it_was_asked_for(cas: Cas) -> None:
    name, body = xorb()
    grant = cas.grant(name, len(body)).json()
    assert put(grant, body + b"more") >= 400
    assert cas.grant(name, 1 << 30).status_code == 413
    assert cas.grant(name, 0).status_code == 400


def test_a_grant_is_for_one_xorb_of_one_repository(server: Server, ana: Person, cas: Cas) -> None:
    name, body = xorb()
    grant = cas.grant(name, len(body)).json()
    put(grant, body)
    other = Cas(server, ana, api_of(server, ana).create_repo("ana/other").repo_id)
    assert other.commit(name, grant).status_code == 403
    assert cas.commit(xorb()[0], grant).status_code == 403
    assert cas.commit(name, {"id": grant["id"][:-4] + "AAAA"}).status_code == 404
    assert cas.commit(name, grant).status_code == 200


def test_a_deleted_token_ends_its_grants(server: Server, ana: Person, cas: Cas) -> None:
    name, body = xorb()
    grant = cas.grant(name, len(body)).json()
    put(grant, body)
    listed = server.cli("token", "list", ana.name).stdout.splitlines()[-1]
    server.cli("token", "delete", ana.name, listed.split()[0], "--yes")
    assert cas.commit(name, grant).status_code == 401
    assert cas.grant(name, len(body)).status_code == 401
    assert not cas.has(name)


def test_a_range_address_opens_no_other_range(server: Server, ana: Person, cas: Cas, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(os.urandom(3_000_000))
    hf(server, tmp_path, "upload", "ana/m", str(file), "model.bin", HF_TOKEN=ana.token)
    name = api_of(server, ana).get_paths_info("ana/m", "model.bin")[0].xet_hash
    ask = {**cas.headers, "Range": "bytes=0-99999"}
    found = httpx.get(f"{cas.url}/v2/reconstructions/{name}", headers=ask).json()
    [[fetch]] = found["xorbs"].values()
    [span] = [one["bytes"] for one in fetch["ranges"]]
    good = httpx.get(fetch["url"], headers={"Range": f"bytes={span['start']}-{span['end']}"})
    assert (good.status_code, len(good.content)) == (206, span["end"] - span["start"] + 1)
    assert httpx.get(fetch["url"], headers={"Range": f"bytes={span['start']}-{span['end'] + 1}"}).status_code == 403
    assert httpx.get(fetch["url"]).status_code == 403
