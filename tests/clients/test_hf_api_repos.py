"""huggingface_hub's HfApi: repositories, their settings, who may see them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import get_args

import pytest
from huggingface_hub import HfApi, hf_api
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session, hf_raise_for_status, paginate
from tests.clients.hf_client import api_of
from tests.running import Person, Server

pytestmark = [pytest.mark.client, pytest.mark.usefixtures("at_home")]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def person(server: Server) -> Person:
    return server.person("repos-ana")


@pytest.fixture(scope="module")
def stranger(server: Server) -> Person:
    return server.person("repos-otto")


@pytest.fixture
def newcomer(server: Server) -> Person:
    """Somebody who has no repositories yet."""
    return server.person(f"newcomer-{next(_numbers)}")


@pytest.fixture
def api(server: Server, person: Person) -> HfApi:
    return api_of(server, person)


@pytest.fixture
def other(server: Server, stranger: Person) -> HfApi:
    return api_of(server, stranger)


@pytest.fixture
def anonymous(server: Server) -> HfApi:
    return api_of(server, None)


@pytest.fixture
def repo(api: HfApi, person: Person) -> str:
    return api.create_repo(f"{person.name}/repo-{next(_numbers)}").repo_id


@pytest.fixture
def secret(api: HfApi, person: Person) -> str:
    return api.create_repo(f"{person.name}/secret-{next(_numbers)}", private=True).repo_id


def test_whoami_names_the_user_and_the_token(api: HfApi, person: Person) -> None:
    me = api.whoami()
    assert me["name"] == person.name
    assert me["auth"]["accessToken"]["role"] == "write"


def test_a_wrong_token_is_told_apart_from_a_missing_repository(server: Server, repo: str) -> None:
    with pytest.raises(HfHubHTTPError) as raised:
        HfApi(endpoint=server.url, token="hf_wrong").model_info(repo)
    assert not isinstance(raised.value, RepositoryNotFoundError)
    assert raised.value.response.status_code == 401
    assert "Invalid credentials in Authorization header" in str(raised.value)


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_every_type_is_created_described_and_deleted(api: HfApi, person: Person, kind: str) -> None:
    sdk = {"space_sdk": "static"} if kind == "space" else {}
    url = api.create_repo(f"{person.name}/every-{kind}", repo_type=kind, **sdk)
    assert (url.repo_id, url.repo_type) == (f"{person.name}/every-{kind}", kind)
    info = api.repo_info(url.repo_id, repo_type=kind)
    assert info.id == url.repo_id
    assert info.sha
    assert ".gitattributes" in [sibling.rfilename for sibling in info.siblings or ()]
    assert [commit.title for commit in api.list_repo_commits(url.repo_id, repo_type=kind)] == ["initial commit"]
    api.delete_repo(url.repo_id, repo_type=kind)
    assert not api.repo_exists(url.repo_id, repo_type=kind)
    api.delete_repo(url.repo_id, repo_type=kind, missing_ok=True)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(url.repo_id, repo_type=kind)


def test_exist_ok_returns_the_repository_that_is_there(api: HfApi, repo: str) -> None:
    with pytest.raises(HfHubHTTPError) as raised:
        api.create_repo(repo)
    assert raised.value.response.status_code == 409
    assert api.create_repo(repo, exist_ok=True).repo_id == repo
    assert api.create_repo(repo.upper(), exist_ok=True).repo_id == repo


def test_nobody_creates_in_another_namespace(other: HfApi, person: Person, repo: str) -> None:
    with pytest.raises(HfHubHTTPError) as raised:
        other.create_repo(f"{person.name}/mine-now")
    assert raised.value.response.status_code == 403
    assert other.create_repo(repo, exist_ok=True).repo_id == repo


@pytest.mark.parametrize("name", ["main--twice", "a..b", "x" * 97, "weights.git", "-start", "tree", "ñ", "a b"])
def test_a_bad_name_is_refused_by_the_server_too(server: Server, person: Person, name: str) -> None:
    answer = get_session().post(
        f"{server.url}/api/repos/create",
        json={"name": name, "type": "model"},
        headers={"authorization": f"Bearer {person.token}"},
    )
    with pytest.raises(BadRequestError):
        hf_raise_for_status(answer)


def test_a_private_repository_and_a_missing_one_look_the_same_to_strangers(
    api: HfApi, other: HfApi, anonymous: HfApi, secret: str
) -> None:
    assert api.model_info(secret).private is True
    for caller in (other, anonymous):
        texts = []
        for id in (secret, f"{secret}-missing"):
            with pytest.raises(RepositoryNotFoundError) as raised:
                caller.model_info(id)
            texts.append((raised.value.response.status_code, raised.value.server_message))
        assert texts[0] == texts[1]
    with pytest.raises(RepositoryNotFoundError, match="404 Client Error"):
        other.model_info(secret)


@pytest.mark.parametrize(
    "call", ["list_repo_tree", "list_repo_commits", "list_repo_refs", "auth_check", "list_repo_likers"]
)
def test_every_call_hides_a_private_repository(other: HfApi, secret: str, call: str) -> None:
    with pytest.raises(RepositoryNotFoundError):
        found = getattr(other, call)(secret)
        list(found or ())


def test_strangers_may_read_but_not_write(other: HfApi, repo: str) -> None:
    with pytest.raises(HfHubHTTPError, match="403 Forbidden") as raised:
        other.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    assert raised.value.response.status_code == 403
    other.auth_check(repo)
    with pytest.raises(HfHubHTTPError):
        other.auth_check(repo, write=True)


def test_settings_change_visibility_and_gate(api: HfApi, other: HfApi, repo: str) -> None:
    api.update_repo_settings(repo, private=True)
    assert api.model_info(repo).private is True
    with pytest.raises(RepositoryNotFoundError):
        other.model_info(repo)
    api.update_repo_settings(repo, private=False, gated="manual")
    info = other.model_info(repo)
    assert info.gated == "manual"
    assert list(other.list_repo_tree(repo))
    with pytest.raises(GatedRepoError):
        other.hf_hub_download(repo, ".gitattributes")
    with pytest.raises(GatedRepoError):
        other.auth_check(repo)
    api.auth_check(repo)
    api.update_repo_settings(repo, gated=False)
    other.auth_check(repo)


def test_a_gated_file_is_401_for_nobody_and_403_for_somebody(
    api: HfApi, other: HfApi, anonymous: HfApi, repo: str
) -> None:
    api.update_repo_settings(repo, gated="auto")
    for caller, status in ((other, 403), (anonymous, 401)):
        with pytest.raises(GatedRepoError) as raised:
            caller.hf_hub_download(repo, "config.json")
        assert raised.value.response.status_code == status


def test_a_moved_repository_is_found_under_its_old_name(api: HfApi, other: HfApi, person: Person, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"here", path_in_repo="here.txt", repo_id=repo)
    new = f"{person.name}/moved-{next(_numbers)}"
    api.move_repo(repo, new)
    assert other.model_info(repo).id == new
    assert Path(other.hf_hub_download(repo, "here.txt")).read_text() == "here"
    api.upload_file(path_or_fileobj=b"again", path_in_repo="again.txt", repo_id=repo)
    assert other.file_exists(new, "again.txt")
    assert [file.path for file in other.list_repo_tree(repo, "", revision="main")]


def test_moving_onto_another_repository_says_that_it_exists(api: HfApi, person: Person, repo: str) -> None:
    target = api.create_repo(f"{person.name}/target-{next(_numbers)}").repo_id
    with pytest.raises(HfHubHTTPError, match=f"A model repository called {target} already exists"):
        api.move_repo(repo, target)


def test_a_duplicate_has_the_same_files_and_a_life_of_its_own(api: HfApi, person: Person, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"one", path_in_repo="one.txt", repo_id=repo)
    copy = api.duplicate_repo(repo, f"{person.name}/copy-{next(_numbers)}").repo_id
    assert api.file_exists(copy, "one.txt")
    api.delete_file("one.txt", copy)
    assert api.file_exists(repo, "one.txt")


def test_upper_and_lower_case_are_the_same_repository(other: HfApi, repo: str) -> None:
    assert other.model_info(repo.upper()).id == repo


def test_info_at_a_revision_and_at_none(api: HfApi, repo: str) -> None:
    before = api.model_info(repo).sha
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    old = api.model_info(repo, revision=before)
    assert old.sha == before
    assert "x.txt" not in [sibling.rfilename for sibling in old.siblings or ()]
    assert api.model_info(repo, revision=str(before)[:8]).sha == before
    with pytest.raises(RevisionNotFoundError):
        api.model_info(repo, revision="no-such")


def test_files_metadata_has_sizes_and_hashes(api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"hello", path_in_repo="hello.txt", repo_id=repo)
    siblings = {sibling.rfilename: sibling for sibling in api.model_info(repo, files_metadata=True).siblings or ()}
    assert siblings["hello.txt"].size == 5
    assert siblings["hello.txt"].blob_id == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    assert siblings["hello.txt"].lfs is None


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_expand_gives_what_is_asked_and_names_what_can_be(api: HfApi, person: Person, kind: str) -> None:
    sdk = {"space_sdk": "static"} if kind == "space" else {}
    repo = api.create_repo(f"{person.name}/expand-{next(_numbers)}", repo_type=kind, **sdk).repo_id
    info = api.repo_info(repo, repo_type=kind, expand=["sha", "likes", "author"])
    assert (info.sha is not None, info.likes, info.author) == (True, 0, person.name)
    assert info.siblings is None
    with pytest.raises(HfHubHTTPError) as raised:
        api.repo_info(repo, repo_type=kind, expand=["foo"])
    assert raised.value.response.status_code == 400
    listed = re.search(r'"expand" must be one of \[(.*)\]', str(raised.value))
    assert listed
    names = {
        "model": hf_api.ExpandModelProperty_T,
        "dataset": hf_api.ExpandDatasetProperty_T,
        "space": hf_api.ExpandSpaceProperty_T,
    }[kind]
    assert {name.strip(' `"') for name in listed[1].split(",")} == set(get_args(names))
    api.repo_info(repo, repo_type=kind, expand=list(get_args(names)))


def test_likes_are_given_by_the_web_and_taken_back_here(server: Server, newcomer: Person) -> None:
    api = api_of(server, newcomer)
    repo = api.create_repo(f"{newcomer.name}/liked").repo_id
    secret = api.create_repo(f"{newcomer.name}/liked-in-secret", private=True).repo_id
    signed = {"authorization": f"Bearer {newcomer.token}"}
    assert get_session().post(f"{server.url}/api/models/{repo}/like", headers=signed).status_code == 200
    assert get_session().post(f"{server.url}/api/models/{secret}/like", headers=signed).status_code == 200
    assert api.model_info(repo).likes == 1
    assert [liker.username for liker in api.list_repo_likers(repo)] == [newcomer.name]
    assert sorted(api.list_liked_repos().models) == sorted([repo, secret])
    assert api_of(server, None).list_liked_repos(newcomer.name).models == [repo]
    api.unlike(repo)
    assert api.list_liked_repos().models == [secret]
    with pytest.raises(RepositoryNotFoundError):
        api.unlike(f"{repo}-missing")


def test_lists_filter_by_author_search_and_tags(server: Server, other: HfApi, newcomer: Person) -> None:
    api = api_of(server, newcomer)
    id = api.create_repo(f"{newcomer.name}/listed-{next(_numbers)}").repo_id
    hidden = api.create_repo(f"{newcomer.name}/hidden-{next(_numbers)}", private=True).repo_id
    card = b"---\nlicense: mit\nlanguage: es\ntags: [flores]\npipeline_tag: text-classification\n---\n# Listed\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=id)

    def found(caller: HfApi, **query: object) -> list[str]:
        return [info.id for info in caller.list_models(author=newcomer.name, **query)]

    assert found(api) == [hidden, id] or found(api) == [id, hidden]
    assert found(other) == [id]
    assert found(other, search="listed") == [id]
    assert found(other, search="absent") == []
    assert found(other, filter="flores") == [id]
    assert found(other, filter=["flores", "es", "license:mit"]) == [id]
    assert found(other, filter=["flores", "fr"]) == []
    assert found(other, pipeline_tag="text-classification") == [id]
    assert found(other, gated=True) == []
    full = next(iter(other.list_models(author=newcomer.name, full=True, cardData=True)))
    assert full.card_data and full.card_data["license"] == "mit"
    assert "README.md" in [sibling.rfilename for sibling in full.siblings or ()]


def test_lists_go_on_over_pages(server: Server, other: HfApi, newcomer: Person) -> None:
    api = api_of(server, newcomer)
    ids = {api.create_repo(f"{newcomer.name}/page-{number}", repo_type="dataset").repo_id for number in range(5)}
    pages = paginate(f"{other.endpoint}/api/datasets", params={"author": newcomer.name, "limit": 2}, headers={})
    assert {item["id"] for item in pages} == ids


def test_the_storage_of_ones_repositories_is_listed(api: HfApi, repo: str) -> None:
    assert repo in [row.id for row in api.list_user_repos()]


def test_overviews_and_members(server: Server, newcomer: Person, stranger: Person) -> None:
    api, person = api_of(server, newcomer), newcomer
    api.create_repo(f"{person.name}/first")
    org = f"org-{next(_numbers)}"
    server.cli("org", "add", org, "--full-name", "An Organisation")
    server.cli("org", "member", "add", org, person.name, "--role", "admin")
    server.cli("org", "member", "add", org, stranger.name, "--role", "read")
    overview = api.get_organization_overview(org)
    assert (overview.fullname, overview.num_users) == ("An Organisation", 2)
    assert sorted(member.username for member in api.list_organization_members(org)) == sorted(
        [person.name, stranger.name]
    )
    me = api.get_user_overview(person.name)
    assert (me.num_models, [one.name for one in me.orgs]) == (1, [org])
    assert [one["name"] for one in api.whoami()["orgs"]] == [org]
    assert list(api.list_user_followers(person.name)) == []
    with pytest.raises(HfHubHTTPError) as raised:
        api.get_user_overview("nobody-of-that-name")
    assert raised.value.response.status_code == 404


def test_roles_in_an_organisation(server: Server, person: Person, stranger: Person) -> None:
    org = f"roles-{next(_numbers)}"
    server.cli("org", "add", org)
    server.cli("org", "member", "add", org, person.name, "--role", "admin")
    admin, member = api_of(server, person), api_of(server, stranger)
    repo = admin.create_repo(f"{org}/shared", private=True).repo_id
    with pytest.raises(RepositoryNotFoundError):
        member.model_info(repo)

    server.cli("org", "member", "add", org, stranger.name, "--role", "read")
    assert member.model_info(repo).private
    with pytest.raises(HfHubHTTPError, match="403"):
        member.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo)
    with pytest.raises(HfHubHTTPError, match="403"):
        member.create_repo(f"{org}/mine")

    server.cli("org", "member", "add", org, stranger.name, "--role", "contributor")
    mine = member.create_repo(f"{org}/mine", private=True).repo_id
    member.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=mine)
    with pytest.raises(HfHubHTTPError, match="403"):
        member.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo)

    server.cli("org", "member", "add", org, stranger.name, "--role", "write")
    member.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo)


def test_a_one_word_id_leads_to_its_repository(server: Server, api: HfApi, other: HfApi, repo: str) -> None:
    word = f"word{next(_numbers)}"
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=repo)
    server.cli("alias", "add", word, repo)
    for path in (
        f"/api/models/{word}",
        f"/api/models/{word}/tree/main?recursive=true",
        f"/api/models/{word}/refs",
        f"/{word}/resolve/main/config.json",
    ):
        answer = get_session().get(f"{server.url}{path}", follow_redirects=False)
        assert answer.status_code == 307, path
        assert answer.headers["location"].endswith(path.replace(word, repo, 1)), path
        assert get_session().get(f"{server.url}{path}", follow_redirects=True).status_code == 200
    missing = get_session().get(
        f"{server.url}/api/models/{word}-missing", headers={"authorization": f"Bearer {other.token}"}
    )
    assert (missing.status_code, missing.headers["x-error-code"]) == (404, "RepoNotFound")
