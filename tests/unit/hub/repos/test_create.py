"""How repositories begin: names, rights, the first commit, and who is told what is there already."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.small_hub import LIMITS, SmallHub, hub, limited, repo_id, with_role

from zoco.adapters.db.tables import audit, job, namespace, pack, ref_log, repo
from zoco.core.access import Access, Actor, Role, Visibility
from zoco.core.errors import AlreadyExists, Conflict, Denied, HubError, Invalid, TooLarge, Unprocessable
from zoco.core.ids import RepoId, RepoType
from zoco.core.repos import ReadableRepo
from zoco.formats.git.attributes import Attributes
from zoco.hub.catalog.describe import repo_info
from zoco.hub.repos import create
from zoco.hub.repos.create import create_repo, fresh_repo_key
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_reading
from zoco.hub.repos.storage import reader

__all__ = ["hub"]


def files(hub: SmallHub, opened: ReadableRepo) -> dict[str, str]:
    info = repo_info(hub.catalogue, opened, None)
    assert info.head
    with reader(hub.storage, opened) as git:
        tree = git.commit(info.head).tree
        return {path: git.read(entry.oid)[1].decode() for path, entry in git.walk(tree) if not entry.is_tree}


def test_a_model_with_a_licence_begins_with_a_card_and_the_weights_patterns(hub: SmallHub) -> None:
    ana = hub.user("ana")
    made = create_repo(hub.storage, ana, repo_id("ana/iris"), license="mit")
    opened = open_for_reading(hub.storage, made.id, None)
    content = files(hub, opened)
    assert sorted(content) == [".gitattributes", "README.md"]
    assert content["README.md"].startswith("---\nlicense: mit\n---\n")
    assert Attributes(content[".gitattributes"]).is_lfs("weights/model.joblib")
    assert not Attributes(content[".gitattributes"]).is_lfs("train.py")
    assert repo_info(hub.catalogue, opened, None).tags == ("license:mit",)


def test_the_first_commit_is_titled_as_clients_expect_and_is_its_creators(hub: SmallHub) -> None:
    ana = hub.user("ana")
    made = create_repo(hub.storage, ana, repo_id("ana/iris"))
    head = repo_info(hub.catalogue, made, None).head
    assert head
    with reader(hub.storage, made) as git:
        first = git.commit(head)
    assert first.message.strip() == "initial commit"
    assert first.parents == ()
    assert first.author.name == "ana"


def test_a_model_without_a_licence_has_no_card_yet(hub: SmallHub) -> None:
    made = create_repo(hub.storage, hub.user("ana"), repo_id("ana/iris"))
    assert list(files(hub, made)) == [".gitattributes"]


@pytest.mark.parametrize("sdk", ["gradio", "streamlit", "docker", "static"])
def test_a_space_always_has_a_card_with_its_sdk(hub: SmallHub, sdk: str) -> None:
    made = create_repo(hub.storage, hub.user("ana"), repo_id("spaces/ana/my-demo"), sdk=sdk, license="apache-2.0")
    card = repo_info(hub.catalogue, made, None).card
    assert (card["sdk"], card["title"], card["pinned"], card["license"]) == (sdk, "My demo", False, "apache-2.0")
    assert card["colorFrom"] != card["colorTo"]


def test_given_files_join_the_first_commit_and_their_card_counts(hub: SmallHub) -> None:
    ana = hub.user("ana")
    given = [("README.md", b"---\ntags: [es, bert]\n---\n# Mine"), ("src/a.py", b"print()")]
    made = create_repo(hub.storage, ana, repo_id("ana/iris"), license="mit", files=given)
    assert files(hub, made)["src/a.py"] == "print()"
    assert set(repo_info(hub.catalogue, made, None).tags) == {"es", "bert"}


def test_creation_leaves_an_audit_event_a_log_of_its_ref_and_work_for_the_outbox(hub: SmallHub) -> None:
    made = create_repo(hub.storage, hub.user("ana"), repo_id("ana/iris"))
    with hub.db.read() as read:
        assert "repo.create" in set(read.scalars(select(audit.c.action)))
        assert read.execute(select(ref_log.c.ref, ref_log.c.old)).all() == [("refs/heads/main", None)]
        assert made.key in set(read.scalars(select(job.c.repo_key)))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "needed"),
        ("a/b", "letters"),
        ("..", "must not hold"),
        ("a--b", "--"),
        ("iris.git", ".git"),
        ("x" * 97, "96"),
        ("ñandú", "letters"),
        ("a b", "letters"),
        ("tree", "reserved"),
        ("a\0b", "letters"),
    ],
)
def test_a_bad_name_is_refused_with_the_reason(hub: SmallHub, name: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        create_repo(hub.storage, hub.user("ana"), RepoId(RepoType.MODEL, "ana", name))


def test_the_same_name_in_any_case_is_taken(hub: SmallHub) -> None:
    ana = hub.user("ana")
    create_repo(hub.storage, ana, repo_id("ana/Iris"))
    with pytest.raises(AlreadyExists) as told:
        create_repo(hub.storage, ana, repo_id("ANA/iris"))
    assert told.value.message == "You already created this model repo"
    assert told.value.repo == repo_id("ana/Iris")


def test_rights_are_checked_before_existence(hub: SmallHub) -> None:
    hub.repo(hub.user("ana"), "ana/secret", private=True)
    otto = hub.user("otto")
    for name in ("secret", "free"):
        with pytest.raises(Denied, match="rights to create"):
            create_repo(hub.storage, otto, repo_id(f"ana/{name}"))


def test_nobody_creates_in_a_namespace_that_is_not_there(hub: SmallHub) -> None:
    with pytest.raises(Denied, match="rights to create"):
        create_repo(hub.storage, hub.user("ana"), repo_id("nobody/iris"))


def test_a_read_token_and_a_reading_member_create_nothing(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.org("lab", {"ana": Role.READ})
    with pytest.raises(Denied, match="write token"):
        create_repo(hub.storage, limited(ana, Access.READ), repo_id("ana/iris"))
    with pytest.raises(Denied, match="contributor"):
        create_repo(hub.storage, with_role(ana, lab=Role.READ), repo_id("lab/iris"))


def test_an_organisation_chooses_what_is_seen_when_nothing_is_asked(hub: SmallHub) -> None:
    ana = with_role(hub.user("ana"), lab=Role.WRITE)
    hub.org("Lab", {"ana": Role.WRITE}, Visibility.PRIVATE)
    assert create_repo(hub.storage, ana, repo_id("lab/one")).visibility is Visibility.PRIVATE
    asked = create_repo(hub.storage, ana, repo_id("lab/two"), visibility=Visibility.PUBLIC)
    assert asked.visibility is Visibility.PUBLIC
    assert asked.id.namespace == "Lab"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([("../x", b"")], Unprocessable),
        ([(".git/config", b"")], Unprocessable),
        ([("a", b"1"), ("a", b"2")], Unprocessable),
        ([("a", b"1"), ("a/b", b"2")], Unprocessable),
        ([("big.txt", b"x" * (LIMITS.regular_file_size_max_bytes + 1))], TooLarge),
        ([(f"{n}.txt", b"x" * LIMITS.regular_file_size_max_bytes) for n in range(6)], TooLarge),
        ([("README.md", b"---\ntags: [\n---\n")], Invalid),
        (
            [("w.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 5\n")],
            Unprocessable,
        ),
    ],
)
def test_bad_first_files_leave_nothing_behind(
    hub: SmallHub, given: list[tuple[str, bytes]], error: type[HubError]
) -> None:
    with pytest.raises(error):
        create_repo(hub.storage, hub.user("ana"), repo_id("ana/iris"), files=given)
    with hub.db.read() as read:
        assert read.execute(select(func.count()).select_from(repo)).scalar_one() == 0
    assert not list(hub.storage.blobs.keys(""))
    assert not list(hub.storage.blobs.scratch.iterdir())


@pytest.mark.parametrize("sdk", [None, "flask"])
def test_a_space_needs_an_sdk_the_hub_knows(hub: SmallHub, sdk: str | None) -> None:
    with pytest.raises(Invalid, match="gradio"):
        create_repo(hub.storage, hub.user("ana"), repo_id("spaces/ana/demo"), sdk=sdk)


def test_an_unknown_licence_is_refused(hub: SmallHub) -> None:
    with pytest.raises(Invalid, match="licen"):
        create_repo(hub.storage, hub.user("ana"), repo_id("ana/iris"), license="my-own")


def test_a_new_repository_takes_the_name_that_an_older_one_left(hub: SmallHub) -> None:
    ana = hub.user("ana")
    move_repo(hub.storage, hub.repo(ana, "ana/iris"), ana, repo_id("ana/old-iris"))
    made = create_repo(hub.storage, ana, repo_id("ana/iris"))
    assert open_for_reading(hub.storage, repo_id("ana/iris"), None).key == made.key


def test_of_many_who_create_the_same_repository_one_does_and_the_others_are_told(hub: SmallHub) -> None:
    ana = hub.user("ana")

    def attempt(_: int) -> str:
        try:
            return str(create_repo(hub.storage, ana, repo_id("ana/iris")).key)
        except AlreadyExists as error:
            assert error.repo == repo_id("ana/iris")
            return "told"

    with ThreadPoolExecutor(6) as threads:
        answers = sorted(threads.map(attempt, range(6)))
    assert answers.count("told") == 5
    with hub.db.read() as read:
        packs = read.execute(select(func.count()).select_from(pack)).scalar_one()
    assert packs == 1
    assert len(list(hub.storage.blobs.keys("git/"))) == 2, "what the losers stored was taken away again"


def test_keys_grow_with_time_and_fit_into_a_json_number() -> None:
    keys = [fresh_repo_key() for _ in range(5)]
    assert all(key < 2**53 for key in keys)


def test_an_owner_who_was_deleted_meanwhile_is_a_conflict_and_leaves_nothing(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = hub.user("ana")
    first_files = create.first_files

    def delete_ana(*given: Any, **more: Any) -> dict[str, bytes]:
        with hub.db.write() as write:
            write.execute(namespace.delete())
        return first_files(*given, **more)

    monkeypatch.setattr(create, "first_files", delete_ana)
    with pytest.raises(Conflict) as told:
        create_repo(hub.storage, ana, repo_id("ana/iris"))
    assert not isinstance(told.value, AlreadyExists)
    assert not list(hub.storage.blobs.keys("git/"))


def test_members_of_another_namespace_are_strangers(hub: SmallHub) -> None:
    eva = Actor(hub.user("eva").user_id, "eva", {"eva": Role.ADMIN, "lab": Role.ADMIN})
    hub.org("lab", {"eva": Role.ADMIN})
    hub.user("ana")
    assert create_repo(hub.storage, eva, repo_id("lab/iris")).id == repo_id("lab/iris")
    with pytest.raises(Denied):
        create_repo(hub.storage, eva, repo_id("ana/iris"))
