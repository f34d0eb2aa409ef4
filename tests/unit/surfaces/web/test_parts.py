"""Medallions, secrets of forms, names, icons and the build."""

from __future__ import annotations

import json
import re

import pytest
from markupsafe import Markup

from zoco.core.ids import RepoType
from zoco.settings import Settings
from zoco.surfaces.web import names
from zoco.surfaces.web.assets import DIST, manifest
from zoco.surfaces.web.glyphs import glyph
from zoco.surfaces.web.i18n import languages
from zoco.surfaces.web.security import content_security_policy
from zoco.surfaces.web.visit import Csrf

SPANISH = languages()["es"]


def test_a_medallion_is_always_the_same_and_never_another_s() -> None:
    drawn = {str(glyph(f"alba/model-{n}")) for n in range(300)}
    assert len(drawn) > 290
    assert glyph("alba/IRIS") == glyph("alba/iris")
    assert isinstance(glyph("x"), Markup)
    assert "style=" not in glyph("x")


def test_a_medallion_is_mirrored_both_ways() -> None:
    for path in re.findall(r' d="([^"]*)"', glyph("alba/iris")):
        cells = {
            (int(x) + step, int(y))
            for x, y, length in re.findall(r"M(\d) (\d)h(\d)", path)
            for step in range(int(length))
        }
        assert cells == {(8 - x, y) for x, y in cells} == {(x, 8 - y) for x, y in cells}


def test_each_page_shows_the_secret_under_another_mask() -> None:
    csrf = Csrf("a-secret-of-twenty-characters")
    first, second = csrf.token(), csrf.token()
    assert first != second
    assert csrf.accepts(first)
    assert csrf.accepts(second)
    assert csrf.was_shown


@pytest.mark.parametrize("token", ["", "x", "!!!!", "YWFhYQ==", "ñ", "a" * 5000])
def test_a_wrong_secret_is_refused(token: str) -> None:
    assert not Csrf("a-secret-of-twenty-characters").accepts(token)


def test_a_secret_the_browser_never_got_is_refused_even_when_guessed() -> None:
    fresh = Csrf("a-secret-of-twenty-characters", is_fresh=True)
    assert not fresh.accepts(fresh.token())


def test_tags_lead_to_the_list_they_filter() -> None:
    task = names.tag_of(SPANISH, RepoType.MODEL, "text-generation", task="text-generation", library="transformers")
    assert task
    assert (task.label, task.domain, task.href) == (
        "Generación de texto",
        "d-text",
        "/models?pipeline_tag=text-generation",
    )
    spoken = names.tag_of(SPANISH, RepoType.DATASET, "language:es", task=None, library=None)
    assert spoken
    assert (spoken.kind, spoken.label, spoken.href) == ("language", "español", "/datasets?language=es")
    assert names.tag_of(SPANISH, RepoType.MODEL, "base_model:finetune:a/b", task=None, library=None) is None


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge 130, Windows"),
        ("curl/8", ""),
    ],
)
def test_browsers_are_told_so_that_their_owner_knows_them(agent: str, said: str) -> None:
    assert names.browser(agent) == said


def test_files_that_may_run_code_are_known() -> None:
    assert names.may_run_code("model.JOBLIB")
    assert not names.may_run_code("model.safetensors")


def test_the_policy_allows_no_inline_code_and_remote_pictures_only_by_choice() -> None:
    policy = content_security_policy(Settings())
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "https:" in policy
    assert "https:" not in content_security_policy(Settings(remote_images="block"))
    stored = Settings(remote_images="block", storage_url="s3://b", storage_endpoint="http://10.0.0.5:9000/x")
    assert "img-src 'self' http://10.0.0.5:9000 data:" in content_security_policy(stored)


def test_built_files_are_whole_and_small() -> None:
    """The first visit's budget: 14 kB of styles, 20 kB of scripts, 31 kB of fonts (two subsets)."""
    built = manifest()
    assert json.loads((DIST / "manifest.json").read_text())["hub.css"] == built["hub.css"]
    style = (DIST / built["hub.css"]).read_text()
    assert all(name in style for key, name in built.items() if key.endswith(".woff2"))
    assert (DIST / f"{built['hub.css']}.br").stat().st_size < 14_000
    scripts = [DIST / f"{name}.br" for key, name in built.items() if key.endswith(".js")]
    assert sum(file.stat().st_size for file in scripts) < 20_000
    assert sum((DIST / name).stat().st_size for key, name in built.items() if key.endswith(".woff2")) < 31_000
    assert {"figtree.txt", "htmx.txt", "lucide.txt"} == {file.name for file in (DIST / "licences").iterdir()}


def test_scripts_name_each_other_by_the_names_they_are_served_under() -> None:
    built = manifest()
    hub, lists = ((DIST / built[name]).read_text() for name in ("hub.js", "lists.js"))
    assert re.findall(r'from "\./([^"]+)"', lists) == [built["hub.js"]]
    assert "import" not in hub  # one answer holds all that every page needs
    for behaviour in ("copy", "menu", "suggest", "theme"):
        assert f"const {behaviour} = (() => {{" in hub
        assert f"{behaviour}.js" not in built
