"""The `hf` command on a machine of its own: log in, download, upload."""

from __future__ import annotations

import http.cookiejar
import itertools
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.clients.hf_client import HF, api_of, environment, hf
from tests.running import Person, Server

pytestmark = pytest.mark.client
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def person(server: Server) -> Person:
    return server.person("cli-ana")


@pytest.fixture
def repo(server: Server, person: Person) -> str:
    return api_of(server, person).create_repo(f"{person.name}/repo-{next(_numbers)}").repo_id


class Browser:
    """Follows links and sends forms as a browser without JavaScript does."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())).open

    def get(self, path: str) -> str:
        with self._open(urllib.parse.urljoin(self._server.url, path), timeout=60) as answer:
            return str(answer.read().decode())

    def send(self, page: str, action: str, **fields: str) -> str:
        """The form of `page` that goes to `action`, with its hidden fields."""
        form = next(form for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL) if f'action="{action}"' in form)
        hidden = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
        body = urllib.parse.urlencode({**hidden, **fields}).encode()
        with self._open(urllib.parse.urljoin(self._server.url, action), body, timeout=60) as answer:
            return str(answer.read().decode())

    def sign_in(self, person: Person) -> None:
        self.send(self.get("/login"), "/login", name=person.name, username=person.name, password=person.password)


def test_logging_in_with_a_token(server: Server, person: Person, tmp_path: Path) -> None:
    hf(server, tmp_path, "auth", "login", "--token", person.token)
    assert person.name in hf(server, tmp_path, "auth", "whoami").stdout
    refused = hf(server, tmp_path, "auth", "login", "--token", "hf_wrong", check=False)
    assert refused.returncode != 0
    hf(server, tmp_path, "auth", "logout")
    assert person.name not in hf(server, tmp_path, "auth", "whoami", check=False).stdout


@pytest.mark.parametrize("is_approved", [True, False])
def test_logging_in_by_the_browser(server: Server, person: Person, tmp_path: Path, is_approved: bool) -> None:
    """RFC 8628: the program shows a code, its owner signs in and consents, the program gets a token that works."""
    said = tmp_path / "said"
    with said.open("wb") as output:
        program = subprocess.Popen(
            [str(HF), "auth", "login"],
            env=environment(server, tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        code = _shown_code(program, said)
        browser = Browser(server)
        browser.sign_in(person)
        consent = browser.get(f"/oauth/device?user_code={code}")
        browser.send(consent, "/oauth/device/consent", answer="approve" if is_approved else "deny", user_code=code)
        program.wait(timeout=60)
    finally:
        program.kill()
        program.wait()
    whoami = hf(server, tmp_path, "auth", "whoami", check=False)
    assert (person.name in whoami.stdout) == is_approved, said.read_text() + whoami.stdout + whoami.stderr


def _shown_code(program: subprocess.Popen[bytes], said: Path) -> str:
    """What the program prints for its owner. Waits for a process of somebody else: there is no event to wait for."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", said.read_text()):
            return found[0]
        assert program.poll() is None, said.read_text()
        time.sleep(0.05)
    raise AssertionError(f"no code was shown:\n{said.read_text()}")


def test_a_folder_goes_up_and_comes_down(server: Server, person: Person, repo: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a\n")
    (folder / "sub" / "b.txt").write_text("b\n")
    token = {"HF_TOKEN": person.token}
    said = hf(server, tmp_path, "upload", repo, str(folder), ".", **token).stdout
    assert f"{server.url}/{repo}" in said
    hf(server, tmp_path, "download", repo, "--local-dir", str(tmp_path / "copy"), **token)
    assert (tmp_path / "copy" / "a.txt").read_text() == "a\n"
    assert (tmp_path / "copy" / "sub" / "b.txt").read_text() == "b\n"
    one = hf(server, tmp_path, "download", repo, "sub/b.txt", "--quiet", **token).stdout.strip()
    assert Path(one).read_text() == "b\n"


def test_large_files_go_up_without_xet(server: Server, person: Person, repo: str, tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"\0\1" * 3_000_000)
    token = {"HF_TOKEN": person.token}
    hf(server, tmp_path, "upload", repo, str(weights), "model.safetensors", HF_HUB_DISABLE_XET="1", **token)
    one = hf(server, tmp_path, "download", repo, "model.safetensors", "--quiet", **token).stdout.strip()
    assert Path(one).read_bytes() == weights.read_bytes()


def test_repositories_branches_and_tags_from_the_command_line(server: Server, person: Person, tmp_path: Path) -> None:
    token = {"HF_TOKEN": person.token}
    repo = f"{person.name}/cli-{next(_numbers)}"
    hf(server, tmp_path, "repos", "create", repo, "--private", **token)
    hf(server, tmp_path, "repos", "branch", "create", repo, "dev", **token)
    hf(server, tmp_path, "repos", "tag", "create", repo, "v1", **token)
    assert "v1" in hf(server, tmp_path, "repos", "tag", "list", repo, **token).stdout
    api = api_of(server, person)
    assert [branch.name for branch in api.list_repo_refs(repo).branches] == ["main", "dev"]
    assert repo in hf(server, tmp_path, "repos", "list", **token).stdout
    hf(server, tmp_path, "repos", "delete", repo, "--yes", **token)
    assert not api.repo_exists(repo)


def test_models_are_listed_and_described(server: Server, person: Person, repo: str, tmp_path: Path) -> None:
    listed = hf(server, tmp_path, "models", "ls", "--author", person.name, "--format", "json").stdout
    assert repo in [model["id"] for model in json.loads(listed)]
    assert repo in hf(server, tmp_path, "models", "info", repo).stdout


def test_a_missing_repository_is_named_in_words(server: Server, person: Person, tmp_path: Path) -> None:
    failed = hf(server, tmp_path, "download", f"{person.name}/missing", check=False, HF_TOKEN=person.token)
    assert failed.returncode != 0
    assert "not found" in (failed.stdout + failed.stderr).lower()
    assert "Traceback" not in failed.stderr
