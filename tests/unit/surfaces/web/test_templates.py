"""Templates follow the house's rules: addresses from one place, nothing marked safe."""

from __future__ import annotations

import re

import pytest

from zoco.surfaces.web.render import TEMPLATES, environment

ALL = sorted(str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("name", ALL)
def test_a_template_compiles_and_takes_addresses_from_urls(name: str) -> None:
    environment("en").get_template(name)
    text = (TEMPLATES / name).read_text("utf-8")
    assert not re.search(r"""(?:href|action|src)=["']/""", text), "write addresses in urls.py"


@pytest.mark.parametrize("name", ALL)
def test_a_template_trusts_nothing_and_holds_no_inline_code(name: str) -> None:
    text = (TEMPLATES / name).read_text("utf-8")
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", text)
