from __future__ import annotations

import pytest

from zoco.formats.content_types import BINARY, TEXT, content_type_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("config.json", TEXT),
        ("a/b/README.md", TEXT),
        ("Dockerfile", TEXT),
        ("LICENSE", TEXT),
        (".gitattributes", TEXT),
        ("page.HTML", TEXT),
        ("x.xhtml", TEXT),
        ("x.js", TEXT),
        ("x.xml", TEXT),
        ("photo.PNG", "image/png"),
        ("logo.svg", "image/svg+xml"),
        ("model.safetensors", BINARY),
        ("no-ending", BINARY),
        ("x.swf", BINARY),
        ("html", BINARY),
        (".html", BINARY),
        ("", BINARY),
    ],
)
def test_files_are_shown_or_read_but_never_run(path: str, kind: str) -> None:
    assert content_type_of(path) == kind
