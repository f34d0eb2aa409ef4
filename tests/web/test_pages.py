"""What each page says, by role and text, without a browser."""

from __future__ import annotations

import re

import pytest
from tests.web.conftest import Browser

PUBLIC = {
    "/": ["Models, datasets and demos", "taller-cuentos/ alunizaje-ppo", "Trending now"],
    "/models": ["Models", "Text Generation", "gpt2-cuentos-es", "Continúa historias breves"],
    "/datasets": ["Datasets", "mil-cuentos", "flores"],
    "/spaces": ["Spaces", "finales-posibles", "Gradio"],
    "/search?q=cuentos": ["Search: cuentos", "gpt2-cuentos-es", "Taller de Cuentos"],
    "/alba/iris": ["Tabular Classification", "Distingue tres especies", "Licence MIT", "hf download alba/iris"],
    "/alba/iris/tree/main": ["model.joblib", "LFS", "pickle", "Fifty trees more", "2.1 MB"],
    "/alba/iris/tree/main/img": ["petals.png"],
    "/alba/iris/tree/v1.0": ["v1.0", "config.json"],
    "/alba/iris/tree/ensayo%2Fb": ["ensayo/b", "config.json"],
    "/alba/iris/blob/main/entrenar.py": ["18 lines", "RandomForestClassifier"],
    "/alba/iris/blob/main/README.md": ["Preview", "Usos previstos"],
    "/alba/iris/blob/main/README.md?view=source": ["pipeline_tag: tabular-classification"],
    "/alba/iris/blob/main/model.joblib": ["can run any code", "SHA-256", "2,140,000 bytes"],
    "/alba/iris/blob/main/img/petals.png": ["Download"],
    "/alba/iris/commits/main": ["5 commits", "Sweep up", "initial commit", "History"],
    "/alba/iris/commits/main/config.json": ["2 commits", "Fifty trees more"],
    "/alba/notas-anonimas": ["Access on request"],
    "/alba": ["Alba Quiroga", "Profesora de biología", "iris"],
    "/taller-cuentos": ["Taller de Cuentos", "Members", "Bruno Ferrán", "mil-cuentos"],
    "/datasets/alba/flores": ["load_dataset", "n<1K"],
    "/spaces/taller-cuentos/finales-posibles": ["Get this Space", "--repo-type space"],
    "/login": ["Log in to Zoco", "Password"],
    "/join": ["Join Zoco", "User name"],
    "/docs": ["What this Hub is", "http://hub.test"],
    "/docs/hub/git": ["git lfs track"],
}
MEMBERS = {
    "/": ["Hello, Alba Quiroga", "secreto", "Taller de Cuentos"],
    "/new": ["New model", "taller-cuentos", "Apache"],
    "/new-dataset": ["Create dataset"],
    "/new-space": ["Create Space", "Gradio"],
    "/alba/secreto": ["private", "No card yet"],
    "/alba/iris/settings": ["Delete this repository", "Default branch", "ensayo/b"],
    "/alba/iris/edit/main/entrenar.py": ["Edit entrenar.py", "Commit to main"],
    "/alba/iris/new/main": ["New file"],
    "/alba/iris/upload/main": ["Upload a file", "50 MB"],
    "/alba/iris/delete/main/entrenar.py": ["Delete from main"],
    "/settings/profile": ["Profile"],
    "/settings/account": ["Where you are logged in", "this browser"],
    "/settings/tokens": ["Access tokens"],
    "/settings/tokens/new?tokenType=fineGrained": ["All repositories of taller-cuentos"],
    "/organizations/new": ["New organisation"],
    "/organizations/taller-cuentos/settings/members": ["Bruno Ferrán", "Role of bruno"],
    "/organizations/taller-cuentos/settings/profile": ["New repositories are"],
    "/oauth/device": ["Type the code"],
}


@pytest.mark.parametrize("path", PUBLIC)
def test_everybody_sees(visitor: Browser, path: str) -> None:
    assert visitor.open(path).status_code == 200
    for words in PUBLIC[path]:
        assert words in visitor.text


@pytest.mark.parametrize("path", MEMBERS)
def test_members_see(alba: Browser, path: str) -> None:
    assert alba.open(path).status_code == 200
    for words in MEMBERS[path]:
        assert words in alba.text


@pytest.mark.parametrize("path", [path for path in MEMBERS if path not in {"/", "/alba/secreto"}])
def test_strangers_are_led_to_the_sign_in_page_and_back(visitor: Browser, path: str) -> None:
    answer = visitor.client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")
    visitor.open(path)
    back = visitor.send("/login", name="alba", password="jacaranda-21")
    assert str(back.url).endswith(path)


@pytest.mark.parametrize("path", [*PUBLIC, *MEMBERS])
def test_every_icon_of_a_page_is_in_the_sprite_and_every_id_is_used_once(alba: Browser, path: str) -> None:
    html = alba.open(path).text
    sprite = alba.client.get(re.search(r'href="(/static/icons[^"#]+)#', html)[1]).text  # type: ignore[index]
    used = set(re.findall(r'/static/icons[^"#]+#([a-z0-9-]+)"', html))
    assert used
    assert not {name for name in used if f'id="{name}"' not in sprite}
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)


@pytest.mark.parametrize("path", [*PUBLIC, *MEMBERS])
def test_no_page_holds_inline_code_and_all_keep_the_policy(alba: Browser, path: str) -> None:
    answer = alba.open(path)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)


@pytest.mark.parametrize("path", ["/", "/models", "/alba/iris", "/alba/iris/tree/main", "/docs", "/nothing/here"])
def test_pages_speak_spanish(visitor: Browser, path: str) -> None:
    html = visitor.open(path, **{"Accept-Language": "es-AR"}).text
    assert '<html lang="es">' in html
    assert "Modelos" in visitor.text
    assert "Sign up" not in visitor.text


def test_a_choice_of_language_is_kept(visitor: Browser) -> None:
    visitor.open("/models?lang=es")
    visitor.open("/datasets")
    assert "Filtrar por nombre" in visitor.page.text  # type: ignore[union-attr]


def test_a_choice_of_theme_is_kept_without_flashing(visitor: Browser) -> None:
    assert '<html lang="en">' in visitor.open("/models").text
    visitor.open("/models?theme=dark")
    assert '<html lang="en" data-theme="dark">' in visitor.open("/datasets").text
    assert '<html lang="en" data-theme="dark">' in visitor.open("/?theme=nonsense").text


@pytest.mark.parametrize(
    "path",
    ["/alba/secreto", "/alba/secreto/tree/main", "/alba/secreto/blob/main/README.md", "/alba/secreto/commits/main",
     "/alba/secreto/settings", "/alba/nothing", "/nobody", "/nobody/nothing", "/datasets/alba/iris",
     "/alba/iris/tree/nothing", "/alba/iris/blob/main/nothing.txt", "/alba/iris/commit/0000000",
     "/alba/iris/commits/main/nothing", "/docs/hub/nothing", "/a/b/c/d/e", "/datasets/glue", "/settings/nothing",
     "/alba/iris/tree/main/..%2F..%2Fetc", "/alba/iris/blob/main/%00", "/%ff"],
)  # fmt: skip
def test_what_is_not_there_and_what_is_private_look_the_same(visitor: Browser, path: str) -> None:
    answer = visitor.open(path)
    if path == "/%ff":
        assert answer.status_code == 400
        return
    assert answer.status_code == 404
    assert "There is nothing here" in visitor.text
    assert "Log in" in visitor.text
    assert "secreto" not in visitor.text


def test_another_member_does_not_see_what_is_private(client: object, visitor: Browser) -> None:
    visitor.log_in("bruno")
    assert visitor.open("/alba/secreto").status_code == 404
    visitor.open("/alba")
    assert "secreto" not in visitor.text
    assert visitor.open("/alba/iris/settings").status_code == 403
    assert visitor.open("/alba/iris/edit/main/entrenar.py").status_code == 403
    assert visitor.open("/organizations/taller-cuentos/settings/members").status_code == 403


def test_the_files_of_a_gated_repository_wait_behind_its_terms(visitor: Browser) -> None:
    assert visitor.open("/alba/notas-anonimas/blob/main/README.md").status_code == 403
    assert "Access is restricted" in visitor.text
    assert visitor.open("/alba/notas-anonimas/tree/main").status_code == 200


def test_folders_and_files_lead_to_each_other(visitor: Browser) -> None:
    assert visitor.open("/alba/iris/tree/main/config.json").url.path == "/alba/iris/blob/main/config.json"
    assert visitor.open("/alba/iris/blob/main/img").url.path == "/alba/iris/tree/main/img"


def test_a_commit_shows_lines_and_sizes_of_large_files(visitor: Browser) -> None:
    history = visitor.open("/alba/iris/commits/main").text
    address = re.search(r'href="(/alba/iris/commit/[0-9a-f]{40})">Fifty trees more', history)
    assert address
    visitor.open(address[1])
    assert '"n_estimators": 150,' in visitor.text
    assert "A large file kept in LFS: 1.7 MB → 2.1 MB" in visitor.text
    assert "3 files changed +2 −1" in visitor.text
    assert "Restore this version" not in visitor.text


def test_filters_count_what_they_would_leave_and_add_up(visitor: Browser) -> None:
    html = visitor.open("/models?language=es").text
    assert re.search(r"Models <small[^>]*>4<", html)
    visitor.open("/models?language=es&pipeline_tag=text-generation&license=license:apache-2.0")
    assert "gpt2-cuentos-es" in visitor.text
    assert "beto-opiniones" not in visitor.text
    assert "Language: Spanish" in visitor.text.replace("Language : Spanish", "Language: Spanish")
    assert "Remove all" in visitor.text


@pytest.mark.parametrize(
    "query",
    ["p=99999999999", "p=-1", "sort=nonsense", "language=,,,", "pipeline_tag=nonsense", "facet=x", "author=%00",
     "search=" + "a" * 5000, "other=" + "x," * 500, "license=license:", "p=²"],
)  # fmt: skip
def test_a_nonsense_query_is_an_answer_and_never_an_error(visitor: Browser, query: str) -> None:
    for kind in ("models", "datasets", "spaces"):
        assert visitor.open(f"/{kind}?{query}").status_code == 200


def test_what_people_wrote_is_escaped_everywhere(alba: Browser) -> None:
    for path in ('/models?search="><script>alert(1)</script>', '/search?q="><script>alert(1)</script>',
                 '/login?next="><script>', '/models?author=<b>&other=<i>'):  # fmt: skip
        html = alba.open(path).text
        assert "<script>alert" not in html
        assert "<b>&" not in html


def test_files_for_browsers_and_robots(visitor: Browser) -> None:
    assert visitor.open("/favicon.ico").headers["content-type"].startswith("image/svg+xml")
    assert "Disallow: /api/" in visitor.open("/robots.txt").text
    style = re.search(r'href="(/static/hub[^"]+\.css)"', visitor.open("/").text)
    assert style
    served = visitor.client.get(style[1], headers={"Accept-Encoding": "br"})
    assert served.headers["content-encoding"] == "br"
    assert "immutable" in served.headers["cache-control"]
    assert visitor.open("/static/../routes.py").status_code == 404
    assert visitor.open("/static/manifest.json").status_code == 404


def test_pages_are_compressed_when_the_browser_asks(visitor: Browser) -> None:
    assert visitor.open("/models", **{"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in visitor.open("/models", **{"Accept-Encoding": "identity"}).headers


def test_rate_limits_have_a_page(app: object, visitor: Browser) -> None:
    from zoco.core.errors import NotOffered, RateLimited, Unavailable
    from zoco.surfaces.web.errors import page_status

    assert page_status(RateLimited("pages", quota=1, window_s=300, reset_s=7)) == 429
    assert page_status(NotOffered("x")) == 501
    assert page_status(Unavailable("x")) == 503
