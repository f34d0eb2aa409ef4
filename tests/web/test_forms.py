"""What forms do, without a browser and without scripts; and which forms do nothing."""

from __future__ import annotations

import itertools
import re

import httpx
import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Browser
from tests.web.sample import PASSWORD

_numbers = itertools.count(1)


def fresh(word: str) -> str:
    return f"{word}{next(_numbers)}"


def newcomer(visitor: Browser, name: str = "") -> str:
    name = name or fresh("nora")
    visitor.open("/join")
    answer = visitor.send("/join", name=name, password="correct-horse", full_name="Nora Vela")
    assert answer.status_code == 200, visitor.text
    return name


def new_repo(visitor: Browser, name: str = "", **chosen: str) -> str:
    visitor.open("/new")
    answer = visitor.send("/new", name=name or fresh("modelo"), **chosen)
    assert answer.status_code == 200, visitor.text
    return answer.url.path


# --- signing up, in and out ---------------------------------------------------------------------------------------


def test_somebody_signs_up_and_is_welcomed_once(visitor: Browser) -> None:
    newcomer(visitor)
    assert "Welcome! Your account is ready." in visitor.text
    assert "Hello, Nora Vela" in visitor.text
    visitor.open("/")
    assert "Welcome!" not in visitor.text


def test_every_fault_of_a_new_account_is_told_at_once_and_what_was_typed_stays(visitor: Browser) -> None:
    visitor.open("/join")
    answer = visitor.send("/join", name="niño", password="short", email="nowhere", full_name="Niño")
    assert answer.status_code == 422
    assert "must use only letters" in visitor.text
    assert "at least 8 characters" in visitor.text
    assert "is not an e-mail address" in visitor.text
    form = visitor.form("/join")["fields"]
    assert (form["name"], form["full_name"], form["password"]) == ("niño", "Niño", "")
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("name", ["alba", "ALBA", "taller-cuentos", "settings", "models"])
def test_taken_and_reserved_names_are_refused(visitor: Browser, name: str) -> None:
    visitor.open("/join")
    assert visitor.send("/join", name=name, password="correct-horse").status_code == 422


def test_a_wrong_password_does_not_say_what_is_wrong(visitor: Browser) -> None:
    visitor.open("/login")
    assert visitor.send("/login", name="alba", password="nonsense-1").status_code == 422
    first = visitor.text
    assert visitor.send("/login", name="nobody-at-all", password="nonsense-1").status_code == 422
    assert "Wrong name or password." in first
    assert "Wrong name or password." in visitor.text


def test_one_signs_in_by_mail_and_out_again(visitor: Browser) -> None:
    visitor.log_in("alba@example.org")
    visitor.send("/logout")
    assert "You are logged out." in visitor.text
    assert visitor.open("/settings/profile").url.path == "/login"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login", ""])
def test_signing_in_never_leads_away(visitor: Browser, target: str) -> None:
    visitor.open("/login")
    assert visitor.send("/login", name="alba", password=PASSWORD, next=target).url.path == "/"
    answer = visitor.client.get("/login", params={"next": target}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(visitor: Browser) -> None:
    visitor.open("/login")
    fields = {**visitor.form("/login")["fields"], "name": "alba", "password": PASSWORD}
    answer = visitor.client.post("/login", data=fields, follow_redirects=False)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("zoco_session="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


# --- forms that are not ours --------------------------------------------------------------------------------------

POSTS = ["/logout", "/new", "/settings/profile", "/settings/account/password", "/settings/tokens/new",
         "/organizations/new", "/alba/iris/like", "/alba/iris/settings/delete", "/alba/iris/edit/main/config.json",
         "/alba/iris/upload/main", "/oauth/device/consent", "/alba/iris/restore/main"]  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_our_secret_changes_nothing(alba: Browser, path: str) -> None:
    for secret in ({}, {"csrf": ""}, {"csrf": "AAAA"}):
        answer = alba.client.post(path, data={"name": "x", **secret}, follow_redirects=False)
        assert answer.status_code == 403
        assert "not from this page" in answer.text
    assert alba.open("/settings/profile").status_code == 200, "still signed in"


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
     {"Origin": "null"}],
)  # fmt: skip
def test_a_form_sent_by_another_site_is_refused_even_with_the_secret(alba: Browser, headers: dict[str, str]) -> None:
    alba.open("/new")
    fields = {**alba.form("/new")["fields"], "name": "stolen"}
    answer = alba.client.post("/new", data=fields, headers=headers, follow_redirects=False)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert alba.open("/alba/stolen").status_code == 404


def test_the_secret_of_one_visitor_is_none_for_another(alba: Browser, app: object) -> None:
    alba.open("/new")
    stolen = alba.form("/new")["fields"]["csrf"]
    with TestClient(app, base_url="http://hub.test", headers={"Accept": "text/html"}) as other:  # type: ignore[arg-type]
        bruno = Browser(other).log_in("bruno")
        answer = bruno.client.post("/new", data={"csrf": stolen, "name": "x"}, follow_redirects=False)
    assert answer.status_code == 403


def test_oversized_and_shapeless_forms_are_refused(alba: Browser) -> None:
    alba.open("/new")
    secret = alba.form("/new")["fields"]["csrf"]
    assert alba.client.post("/new", data={"csrf": secret, "name": "a" * 300_000}).status_code == 413

    def endless() -> object:
        yield b"name=" + b"a" * 1000

    assert alba.client.post("/new", content=endless()).status_code == 400  # type: ignore[arg-type]
    many = {f"f{n}": "x" for n in range(400)}
    assert alba.client.post("/new", data={"csrf": secret, **many}).status_code == 400
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert alba.client.post("/new", content=b"--y\r\nnonsense", headers=broken).status_code in {400, 403}


# --- repositories -------------------------------------------------------------------------------------------------


def test_a_new_model_has_its_card_licence_and_attributes(alba: Browser) -> None:
    path = new_repo(alba, license="mit", visibility="private")
    assert "Repository created." in alba.text
    assert "private" in alba.text
    assert "Licence MIT" in alba.text
    alba.open(f"{path}/tree/main")
    assert "initial commit" in alba.text
    assert ".gitattributes" in alba.text
    alba.open(f"{path}/blob/main/.gitattributes")
    assert "*.safetensors filter=lfs" in alba.text


def test_a_new_model_without_a_licence_has_a_card_too(alba: Browser) -> None:
    path = new_repo(alba)
    assert alba.open(f"{path}/blob/main/README.md").status_code == 200


@pytest.mark.parametrize("name", ["", "iris", "a b", "x.git", "settings", "../x", "a" * 97])
def test_bad_and_taken_names_are_told_beside_the_name(alba: Browser, name: str) -> None:
    alba.open("/new")
    answer = alba.send("/new", name=name)
    assert answer.status_code == 422
    assert 'id="z-f-name-e"' in answer.text


def test_nobody_creates_in_the_name_of_others(alba: Browser) -> None:
    alba.open("/new")
    answer = alba.send("/new", name="intruso", owner="bruno")
    assert answer.status_code == 422
    assert alba.open("/bruno/intruso").status_code == 404


def test_settings_hide_rename_and_delete(alba: Browser, app: object) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/settings")
    alba.send("/settings/visibility", visibility="private")
    assert "Settings saved." in alba.text
    alba.send("/settings/gate", gated="manual")
    assert "access on request" in alba.text
    alba.send("/settings/visibility", visibility="public")
    new_name = fresh("nuevo")
    alba.send("/settings/move", name=new_name)
    assert alba.page is not None
    assert alba.page.url.path == f"/alba/{new_name}/settings"
    assert alba.open(path).url.path == f"/alba/{new_name}"
    alba.open(f"/alba/{new_name}/settings")
    assert alba.send("/settings/delete", confirm="alba/something-else").status_code == 422
    assert alba.open(f"/alba/{new_name}").status_code == 200
    alba.open(f"/alba/{new_name}/settings")
    alba.send("/settings/delete", confirm=f"alba/{new_name}")
    assert "Repository deleted." in alba.text
    assert alba.open(f"/alba/{new_name}").status_code == 404


def test_a_repository_moves_to_an_organisation_and_keeps_its_old_address(alba: Browser) -> None:
    path = new_repo(alba)
    name = path.rpartition("/")[2]
    alba.open(f"{path}/settings")
    alba.send("/settings/move", owner="taller-cuentos", name=name)
    assert alba.open(path).url.path == f"/taller-cuentos/{name}"


def test_a_like_is_given_and_taken_back(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(path)
    assert 'aria-pressed="true"' in alba.send("/like").text
    assert 'aria-pressed="false"' in alba.send("/like").text


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_is_written_edited_and_deleted_in_the_browser(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/new/main")
    alba.send("/new/main", name="data/notas.txt", text="uno\r\ndos", summary="Notas", description="Más\r\ndetalle")
    assert "Saved as a new commit." in alba.text
    assert alba.page is not None
    assert alba.page.url.path == f"{path}/blob/main/data/notas.txt"
    assert "2 lines" in alba.text
    alba.open(f"{path}/edit/main/data/notas.txt")
    assert alba.form("/edit/")["fields"]["text"] == "uno\ndos\n"
    alba.send("/edit/", text="uno\ntres\n")
    alba.open(f"{path}/commits/main/data/notas.txt")
    assert "Update data/notas.txt" in alba.text
    assert "Notas" in alba.text
    alba.open(f"{path}/delete/main/data/notas.txt")
    alba.send("/delete/")
    assert alba.open(f"{path}/blob/main/data/notas.txt").status_code == 404


def test_saving_what_is_there_already_makes_no_commit(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/edit/main/README.md")
    alba.send("/edit/")
    assert "Nothing changed" in alba.text
    assert "1 commit" in str(alba.open(f"{path}/commits/main") and alba.text)


def test_who_was_slower_keeps_the_text_and_is_told(alba: Browser) -> None:
    path = new_repo(alba)
    slow = alba.open(f"{path}/edit/main/README.md")
    alba.open(f"{path}/edit/main/README.md")
    alba.send("/edit/", text="# The fast one\n")
    alba.page = slow
    answer = alba.send("/edit/", text="# The slow one\n")
    assert answer.status_code == 409
    assert "Somebody changed this branch" in alba.text
    assert alba.form("/edit/")["fields"]["text"] == "# The slow one\n"
    assert alba.send("/edit/").status_code == 200
    alba.open(f"{path}/blob/main/README.md?view=source")
    assert "The slow one" in alba.text


def test_a_faulty_card_is_not_saved_and_the_line_is_named(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/edit/main/README.md")
    answer = alba.send("/edit/", text="---\nlicense: mit\ntags: [es\n---\n# x\n")
    assert answer.status_code == 422
    assert re.search(r"line \d", alba.text)
    assert "tags: [es" in alba.form("/edit/")["fields"]["text"]


@pytest.mark.parametrize("name", ["", "../x", ".git/config", "a//b", "README.md", "a\\b"])
def test_files_that_may_not_be_are_refused_beside_their_name(alba: Browser, name: str) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/new/main")
    answer = alba.send("/new/main", name=name, text="x")
    assert answer.status_code == 422
    assert 'id="z-f-name-e"' in answer.text


def test_files_from_disk_go_to_git_or_to_lfs_by_themselves(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/upload/main/data")
    alba.send("/upload/main/data", file=("tabla.csv", b"a,b\n1,2\n"))
    assert "tabla.csv" in alba.text
    alba.open(f"{path}/upload/main")
    weights = bytes(range(256)) * 800
    alba.send("/upload/main", file=("model.safetensors", weights))
    assert "LFS" in alba.text
    loaded = alba.client.get(f"{path}/resolve/main/model.safetensors")
    assert loaded.content == weights
    assert alba.client.get(f"{path}/resolve/main/data/tabla.csv").content == b"a,b\n1,2\n"


def test_an_upload_without_a_file_and_one_with_a_hostile_name(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/upload/main")
    assert alba.send("/upload/main", file=("", b"")).status_code == 422
    alba.open(f"{path}/upload/main")
    answer = alba.send("/upload/main", file=("../../etc/passwd", b"x"))
    assert answer.status_code == 200
    assert "passwd" in alba.text
    assert alba.open(f"{path}/blob/main/passwd").status_code == 200


def test_an_older_version_comes_back_as_a_new_commit(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/edit/main/README.md")
    alba.send("/edit/", text="# Broken\n")
    history = alba.open(f"{path}/commits/main").text
    first = re.findall(rf'href="{path}/commit/([0-9a-f]{{40}})"', history)[-1]
    alba.open(f"{path}/commit/{first}")
    alba.send("/restore/")
    assert "The branch is back at that version" in alba.text
    alba.open(f"{path}/blob/main/README.md?view=source")
    assert "Broken" not in alba.text
    assert "3 commits" in str(alba.open(f"{path}/commits/main") and alba.text)


# --- accounts and organisations -----------------------------------------------------------------------------------


def test_a_token_is_shown_once_works_and_is_deleted(visitor: Browser) -> None:
    name = newcomer(visitor)
    visitor.open("/settings/tokens/new?tokenType=write")
    answer = visitor.send("/settings/tokens/new", name="laptop")
    secret = re.search(r"hf_[A-Za-z0-9]{20,}", answer.text)
    assert secret
    assert answer.headers["cache-control"] == "no-store"
    bearer = {"Authorization": f"Bearer {secret[0]}", "Accept": "application/json"}
    assert httpx_get(visitor, "/api/whoami-v2", bearer).json()["name"] == name
    listed = visitor.open("/settings/tokens")
    assert secret[0] not in listed.text
    visitor.send("/rename$", name="old laptop")
    assert "old laptop" in visitor.text
    again = visitor.send("/refresh$")
    assert re.search(r"hf_[A-Za-z0-9]{20,}", again.text)[0] != secret[0]  # type: ignore[index]
    assert httpx_get(visitor, "/api/whoami-v2", bearer).status_code == 401
    visitor.open("/settings/tokens")
    visitor.send("/delete$")
    assert "Token deleted." in visitor.text


def test_a_fine_grained_token_reaches_what_was_chosen_and_no_more(visitor: Browser) -> None:
    name = newcomer(visitor)
    open_repo, closed_repo = new_repo(visitor, visibility="private"), new_repo(visitor, visibility="private")
    visitor.open("/settings/tokens/new?tokenType=fineGrained")
    assert visitor.send("/settings/tokens/new", name="x", role="fineGrained").status_code == 422
    answer = visitor.send("/settings/tokens/new", name="x", role="fineGrained", repos=f"{open_repo[1:]} read")
    secret = re.search(r"hf_[A-Za-z0-9]{20,}", answer.text)
    assert secret, visitor.text
    bearer = {"Authorization": f"Bearer {secret[0]}", "Accept": "application/json"}
    assert httpx_get(visitor, f"/api/models{open_repo}", bearer).status_code == 200
    assert httpx_get(visitor, f"/api/models{closed_repo}", bearer).status_code in {401, 404}
    visitor.open("/settings/tokens/new?tokenType=fineGrained")
    refused = visitor.send("/settings/tokens/new", name="x", role="fineGrained", repos="alba/secreto read")
    assert refused.status_code == 422
    assert name not in refused.url.path


def test_the_profile_and_the_preferences_are_saved(visitor: Browser) -> None:
    name = newcomer(visitor)
    visitor.open("/settings/profile")
    visitor.send("/settings/profile", full_name="Nora <b>", bio="Line one\r\nLine two", email=f"{name}@example.org")
    assert "Profile saved." in visitor.text
    html = visitor.open(f"/{name}").text
    assert "Nora &lt;b&gt;" in html
    assert "example.org" not in html
    visitor.open("/settings/profile")
    assert visitor.send("/settings/profile", email="alba@example.org").status_code == 422
    visitor.open("/settings/account")
    visitor.send("/settings/account$", language="es", theme="dark")
    assert '<html lang="es" data-theme="dark">' in visitor.open("/models").text


def test_a_new_password_closes_other_browsers(visitor: Browser, app: object) -> None:
    name = newcomer(visitor)
    with TestClient(app, base_url="http://hub.test", headers={"Accept": "text/html"}) as client:  # type: ignore[arg-type]
        other = Browser(client).log_in(name, "correct-horse")
        visitor.open("/settings/account")
        new = {"new_password": "battery-staple", "new_password_again": "battery-staple"}
        assert visitor.send("/password", password="nonsense-9", **new).status_code == 422
        assert "The old password is wrong." in visitor.text
        visitor.send("/password", password="correct-horse", **{**new, "new_password_again": "other-one"})
        assert "The two passwords differ." in visitor.text
        visitor.send("/password", password="correct-horse", **new)
        assert "Password changed." in visitor.text
        assert other.open("/settings/profile").url.path == "/login"
    assert visitor.open("/settings/profile").url.path == "/settings/profile"


def test_another_browser_is_signed_out_from_here(visitor: Browser, app: object) -> None:
    name = newcomer(visitor)
    with TestClient(app, base_url="http://hub.test", headers={"Accept": "text/html"}) as client:  # type: ignore[arg-type]
        other = Browser(client).log_in(name, "correct-horse")
        visitor.open("/settings/account")
        visitor.send("/settings/account/sessions")
        assert "Session closed." in visitor.text
        assert other.open("/settings/profile").url.path == "/login"


def test_an_organisation_is_made_and_its_members_managed(visitor: Browser) -> None:
    newcomer(visitor)
    org = fresh("lab")
    visitor.open("/organizations/new")
    visitor.send("/organizations/new", name=org, full_name="Laboratorio", visibility="private")
    assert "Organisation created." in visitor.text
    visitor.open(f"/organizations/{org}/settings/members")
    assert visitor.send("/members$", user="nobody-at-all", role="read").status_code == 422
    assert "There is no user called" in visitor.text
    visitor.send("/members$", user="bruno", role="write")
    assert "Member saved." in visitor.text
    assert "Bruno Ferrán" in visitor.text
    assert visitor.page
    secret = visitor.form("/members$")["fields"]["csrf"]
    removed = visitor.client.post(f"{visitor.page.url.path}/remove", data={"csrf": secret, "user": "bruno"})
    assert "Member removed." in removed.text
    assert "Bruno Ferrán" not in removed.text
    visitor.open(f"/organizations/{org}/settings/profile")
    visitor.send("/settings/profile", details="Aquí se mide.")
    visitor.open(f"/{org}")
    assert "Aquí se mide." in visitor.text


def test_the_last_administrator_cannot_leave(visitor: Browser) -> None:
    newcomer(visitor)
    org = fresh("solo")
    visitor.open("/organizations/new")
    visitor.send("/organizations/new", name=org)
    answer = visitor.send("/members/remove")
    assert answer.status_code == 422
    assert "last administrator" in visitor.text


def test_a_program_is_let_in_by_its_code_and_another_refused(visitor: Browser) -> None:
    name = newcomer(visitor)
    for choice, told in (("approve", "you are logged in there"), ("deny", "Refused")):
        started = visitor.client.post(
            "/oauth/device",
            data={"client_id": "26be6b09-91c5-47da-9861-d2d2bb7a7e36"},
            headers={"Accept": "application/json"},
        ).json()
        visitor.open("/oauth/device")
        visitor.send("/oauth/device", user_code=started["user_code"].lower())
        assert started["user_code"] in visitor.text
        assert name in visitor.text
        visitor.send("/oauth/device/consent", answer=choice)
        assert told in visitor.text
    visitor.open("/oauth/device?user_code=WRNG-CODE")
    assert "wrong or has expired" in visitor.text


def test_the_first_administrator_comes_by_a_link_that_works_once(visitor: Browser, app: object) -> None:
    from zoco.hub.accounts.links import make_setup_link
    from zoco.surfaces.state import Hub

    hub: Hub = app._app.state.hub  # type: ignore[attr-defined]
    link = make_setup_link(hub.db)
    assert link
    visitor.open(link)
    assert visitor.send("/setup/", name="x y", password="correct-horse").status_code == 422
    name = fresh("root")
    visitor.send("/setup/", name=name, password="correct-horse")
    assert f"Hello, {name}" in visitor.text
    assert visitor.open(link).status_code == 404
    assert "This link is used up" in visitor.text
    assert visitor.open("/setup/nonsense").status_code == 404


def test_a_forgotten_password_is_chosen_anew_by_link(visitor: Browser, app: object) -> None:
    from zoco.hub.accounts.links import make_password_link
    from zoco.surfaces.state import Hub

    name = newcomer(visitor)
    visitor.send("/logout")
    hub: Hub = app._app.state.hub  # type: ignore[attr-defined]
    link = make_password_link(hub.db, None, name)
    visitor.open(link)
    assert visitor.send("/login/password/", new_password="short").status_code == 422
    visitor.send("/login/password/", new_password="battery-staple")
    assert "Hello, Nora Vela" in visitor.text
    assert visitor.open(link).status_code == 404


def httpx_get(visitor: Browser, path: str, headers: dict[str, str]) -> httpx.Response:
    """A program's request, without the browser's cookies."""
    with TestClient(visitor.client.app, base_url="http://hub.test") as program:
        return program.get(path, headers=headers)


def test_a_text_of_very_many_lines_is_offered_as_a_download(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/upload/main")
    alba.send("/upload/main", file=("many.txt", b"\n" * 200_000))
    page = alba.open(f"{path}/blob/main/many.txt")
    assert "Too large to show here" in alba.text
    assert len(page.text) < 100_000


def test_a_card_says_its_language_to_screen_readers(alba: Browser) -> None:
    path = new_repo(alba)
    alba.open(f"{path}/edit/main/README.md")
    alba.send("/edit/", text="---\nlanguage: es\n---\n# Hola\n")
    assert '<div class="prose" lang="es">' in alba.open(path).text


def test_a_private_picture_is_shown_to_its_owner_only(alba: Browser, app: object) -> None:
    path = new_repo(alba, visibility="private")
    alba.open(f"{path}/upload/main")
    alba.send("/upload/main", file=("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"))
    assert alba.client.get(f"{path}/resolve/main/a.svg").status_code == 200
    with TestClient(app, base_url="http://hub.test") as stranger:  # type: ignore[arg-type]
        assert stranger.get(f"{path}/resolve/main/a.svg").status_code in {401, 404}
