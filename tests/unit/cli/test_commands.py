"""Commands as a person types them, in this process: the exit code, what is on stdout, what is on stderr."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.databases import Migrated

from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.cli.main import main
from zoco.core.access import Role
from zoco.hub.accounts.authenticate import actor_from_token
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.accounts.orgs import get_org, list_members
from zoco.hub.accounts.users import check_password, get_user
from zoco.jobs import queue

LIMITS = RateLimiter({"sign_in": 0, "sign_in_address": 0})


@dataclass
class Said:
    code: int
    out: str
    err: str


@dataclass
class Zoco:
    """`zoco("user add ana")`."""

    place: list[str]
    db: Database
    capture: pytest.CaptureFixture[str]

    def __call__(self, words: str, *more: str) -> Said:
        try:
            code = main([*words.split(), *more, *self.place])
        except SystemExit as ended:  # argparse
            code = int(ended.code or 0)
        out, err = self.capture.readouterr()
        return Said(code, out, err)

    def rows(self, words: str) -> list[dict[str, object]]:
        said = self(words, "--json")
        assert said.code == 0
        found = json.loads(said.out)
        assert isinstance(found, list)
        return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def zoco(
    request: pytest.FixtureRequest, tmp_path: Path, migrated: Migrated, capsys: pytest.CaptureFixture[str]
) -> Iterator[Zoco]:
    place = ["--data", str(tmp_path / "data")]
    if request.param == "sqlite":
        db = migrated.sqlite(tmp_path / "data" / "zoco.db")
    else:
        url = migrated.postgresql(request.getfixturevalue("postgres_server"))
        db = open_postgresql(url)
        place += ["--database-url", url]
    yield Zoco(place, db, capsys)
    db.close()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What comes on stdin, from a pipe or (`by_hand`) a person."""

    def give(text: str, *, by_hand: bool = False) -> None:
        stdin = io.StringIO(text)
        monkeypatch.setattr(stdin, "isatty", lambda: by_hand)
        monkeypatch.setattr("sys.stdin", stdin)

    return give


def test_the_first_command_makes_the_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "new" / "data"
    assert main(["user", "add", "ana", "--data", str(data)]) == 0
    capsys.readouterr()
    db = open_sqlite(data / "zoco.db")
    assert get_user(db, "ana").name == "ana"
    db.close()
    assert data.stat().st_mode & 0o077 == 0


def test_an_account_with_a_password_from_a_file_or_a_pipe(
    zoco: Zoco, tmp_path: Path, typed: Callable[..., None]
) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\r\nanother line\n")
    made = zoco("user add Ana --email a@x.org --admin --password-file", str(file), "--full-name", "Ana María")
    assert (made.code, made.out) == (0, "")
    typed("from the pipe\n")
    assert zoco("user add otto --password-file -").code == 0
    assert check_password(zoco.db, LIMITS, "ana", "correct horse", "").is_admin
    assert not check_password(zoco.db, LIMITS, "otto", "from the pipe", "").is_admin
    assert [(row["name"], row["full_name"], row["email"], row["admin"]) for row in zoco.rows("user list")] == [
        ("Ana", "Ana María", "a@x.org", True),
        ("otto", "", None, False),
    ]
    table = zoco("user list").out.splitlines()
    assert table[0].split() == ["name", "full_name", "email", "admin", "disabled", "created_at"]
    assert table[2].startswith("otto")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("user add a--b", "must not hold '--'"),
        ("user add ANA", "taken"),
        ("user add otto --email nonsense", "not an e-mail address"),
        ("user add otto --password-file /nowhere", "/nowhere cannot be read"),
        ("user disable nobody", "no user called 'nobody'"),
        ("user delete nobody --yes", "no user called 'nobody'"),
        ("token add nobody", "no user called 'nobody'"),
        ("token add ana --value secret", "A token's value"),
        ("token add ana --expires-days -1", "expired already"),
        ("token delete ana 999 --yes", "no such token"),
        ("org member add acme ana --role read", "no organisation called 'acme'"),
        ("org delete acme --yes", "no organisation called 'acme'"),
        ("alias add gpt2 gpt2", "must be OWNER/NAME"),
        ("alias add gpt2 ana/gpt2", "no model called 'ana/gpt2'"),
        ("alias remove gpt2", "no alias 'gpt2'"),
        ("jobs retry 7", "no failed job 7"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(zoco: Zoco, words: str, says: str) -> None:
    zoco("user add ana")
    said = zoco(words)
    assert (said.code, said.out) == (1, "")
    assert says in said.err
    assert len(said.err.splitlines()) == 1, "no traceback"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "user",
        "fly",
        "user add",
        "user add ana --colour red",
        "token add ana --role god",
        "org member",
        "jobs retry x",
    ],
)
def test_a_wrong_command_is_exit_code_2(zoco: Zoco, words: str) -> None:
    assert zoco(words).code == 2


def test_a_token_is_all_there_is_on_stdout(zoco: Zoco) -> None:
    zoco("user add ana")
    made = zoco("token add ana --role write --name", "my laptop")
    assert re.fullmatch(r"hf_[A-Za-z0-9]{34}\n", made.out)
    assert made.err == ""
    assert actor_from_token(zoco.db, made.out.strip()).name == "ana"
    value = "hf_" + "q" * 34
    assert zoco(f"token add ana --value {value} --expires-days 3").out == f"{value}\n"
    second, first = zoco.rows("token list ana")
    assert (first["name"], first["role"], first["expires_at"]) == ("my laptop", "write", None)
    assert (second["role"], second["expires_at"] is not None) == ("read", True)
    assert value not in zoco("token list ana").out
    assert zoco(f"token delete ana {first['id']} --yes").code == 0
    assert [row["id"] for row in zoco.rows("token list ana")] == [second["id"]]


def test_an_organisation_and_its_members(zoco: Zoco) -> None:
    zoco("user add ana")
    zoco("user add otto")
    assert zoco("org add Acme --default-visibility private --full-name", "Acme Inc.").code == 0
    org = get_org(zoco.db, "acme")
    assert (org.full_name, org.default_visibility) == ("Acme Inc.", "private")
    assert zoco("org member add acme ana --role admin").code == 0
    assert zoco("org member add acme otto --role contributor").code == 0
    assert zoco("org member add acme otto --role read").code == 0
    assert [(m.name, m.role) for m in list_members(zoco.db, "acme")] == [("ana", Role.ADMIN), ("otto", Role.READ)]
    assert [row["role"] for row in zoco.rows("org member list acme")] == ["admin", "read"]
    assert zoco("org member remove acme otto").code == 0
    last = zoco("org member remove acme ana")
    assert (last.code, "last administrator" in last.err) == (1, True)
    assert zoco.rows("org list")[0]["default_visibility"] == "private"
    assert zoco("org delete acme --yes").code == 0
    assert zoco.rows("org list") == []


def test_destructive_commands_ask(zoco: Zoco, typed: Callable[..., None]) -> None:
    zoco("user add ana")
    typed("")
    piped = zoco("user delete ana")
    assert (piped.code, "add --yes" in piped.err) == (1, True)
    typed("n\n", by_hand=True)
    refused = zoco("user delete ana")
    assert (refused.code, "[y/N]" in refused.err) == (1, True)
    assert get_user(zoco.db, "ana")
    typed("y\n", by_hand=True)
    assert zoco("user delete ana").code == 0
    assert zoco.rows("user list") == []


def test_accounts_are_closed_opened_and_made_administrators(zoco: Zoco) -> None:
    zoco("user add ana --admin")
    last = zoco("user disable ana")
    assert (last.code, "last administrator" in last.err) == (1, True)
    zoco("user add otto")
    assert zoco("user admin otto").code == 0
    assert zoco("user admin ana --remove").code == 0
    assert zoco("user disable ana").code == 0
    assert get_user(zoco.db, "ana").disabled_at_ms is not None
    assert zoco("user enable ana").code == 0
    assert get_user(zoco.db, "ana").disabled_at_ms is None


def test_a_password_link_is_an_address_on_this_hub(zoco: Zoco, monkeypatch: pytest.MonkeyPatch) -> None:
    zoco("user add ana")
    monkeypatch.setenv("ZOCO_PUBLIC_URL", "https://hub.example.org/")
    assert re.fullmatch(r"https://hub\.example\.org/login/password/[\w-]{43}\n", zoco("user password-link ana").out)


def test_failed_jobs_are_shown_and_tried_again(zoco: Zoco) -> None:
    with zoco.db.write() as write:
        queue.enqueue(write, "tidy", {"repo_key": 7}, repo_key=7)
    held = queue.claim(zoco.db, ["tidy"])
    assert held
    queue.fail(zoco.db, held, "Traceback:\nValueError: no luck\n")
    (shown,) = zoco.rows("jobs list")
    assert (shown["state"], shown["last_error"]) == ("to be tried again", "ValueError: no luck")
    assert zoco.rows("jobs list --failed") == []
    with zoco.db.write() as write:
        write.exec_driver_sql("UPDATE job SET failed_at = 1")
    (shown,) = zoco.rows("jobs list --failed")
    assert shown["state"] == "failed"
    assert zoco(f"jobs retry {shown['id']}").code == 0
    assert [row["state"] for row in zoco.rows("jobs list")] == ["waiting"]


def test_migrate_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--data", str(tmp_path)]
    assert main(["migrate", "--check", *place]) == 1
    assert main(["migrate", *place]) == 0
    assert "Applied: 0001" in capsys.readouterr().err
    assert main(["migrate", "--check", *place]) == 0
    assert main(["migrate", *place]) == 0
    assert "current already" in capsys.readouterr().err


def test_a_newer_database_is_refused_by_every_command(zoco: Zoco) -> None:
    with zoco.db.write() as write:
        write.exec_driver_sql("UPDATE schema_version SET version_num = '9999'")
    for words in ("user list", "token list ana", "migrate", "jobs list"):
        said = zoco(words)
        assert (said.code, said.out) == (2, "")
        assert "made by a newer Zoco" in said.err


def test_wrong_settings_are_said_with_their_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoco.toml").write_text('colour = "red"\n')
    assert main(["user", "list", "--data", str(tmp_path)]) == 2
    assert "unknown setting 'colour'" in capsys.readouterr().err
    (tmp_path / "zoco.toml").write_text("port = {")
    assert main(["user", "list", "--data", str(tmp_path)]) == 2
    (tmp_path / "zoco.toml").unlink()
    file = tmp_path / "file"
    file.touch()
    assert main(["user", "list", "--data", str(file / "data")]) == 2
    assert "choose another --data" in capsys.readouterr().err
    monkeypatch.setenv("ZOCO_PORT", "many")
    assert main(["user", "list", "--data", str(tmp_path)]) == 2
    assert "port" in capsys.readouterr().err


def test_a_postgresql_that_is_away_is_said_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    assert main(["user", "list", "--data", str(tmp_path), "--database-url", url]) == 1
    assert capsys.readouterr().err == "zoco: The database does not answer. Try again in a moment.\n"


def test_strange_names_do_not_break_the_table(zoco: Zoco) -> None:
    zoco("user add ana --full-name", "Ana \u202e desrever")
    assert "\u202e" not in zoco("user list").out
