"""From a card's Markdown to safe HTML: GitHub's flavour, alerts, footnotes, mathematics, coloured code."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from latex2mathml import exceptions as tex_errors
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.gfm import gfm_plugin

from zoco.surfaces.web.highlight import highlight_block
from zoco.surfaces.web.sanitise import Place, clean

RENDERED_MAX = 1_000_000
"""Characters; a longer text is shown as text."""

KEPT_BYTES_MAX = 32_000_000
FORMULA_MAX = 2_000
FORMULAS_MAX = 400
_ARG = re.compile(r"\\arg(?![a-zA-Z])")
_UNREADABLE: tuple[type[Exception], ...] = (
    *(error for error in vars(tex_errors).values() if isinstance(error, type) and issubclass(error, Exception)),
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)
"""What the converter trips over in strangers' TeX: then the reader gets the TeX."""

Env = MutableMapping[str, Any]  # Any: markdown-it's own notes while it renders


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    html: Markup
    headings: tuple[Heading, ...] = ()


def render_markdown(
    text: str, place: Place, label: Callable[[str], str] = str, *, is_whole_page: bool = False
) -> Rendered:
    """`label` translates the few words of ours in it (the names of alerts, of the table's region).

    Headings go one level down, since the page around the text has the first; not where the text is the page.
    """
    if len(text) > RENDERED_MAX:
        return Rendered(Markup("<pre>{}</pre>").format(text))
    words = tuple(label(word) for word in _WORDS)
    key = hashlib.sha256(repr((text, place, words, is_whole_page)).encode("utf-8", "surrogatepass")).digest()
    found = _kept.get(key)
    if found is None:
        found = _render(text, place, dict(zip(_WORDS, words, strict=True)), 0 if is_whole_page else 1)
        _kept.put(key, found)
    return found


def N_(message: str) -> str:  # noqa: N802 # gettext's name for «translate this later»
    return message


_WORDS = (N_("Note"), N_("Tip"), N_("Important"), N_("Warning"), N_("Caution"), N_("Table"), N_("Task"))


def _render(text: str, place: Place, words: dict[str, str], down: int) -> Rendered:
    env: Env = {"zoco.words": words, "zoco.formulas": 0}
    tokens = _parser().parse(text, env)
    headings = _name_headings(tokens, down)
    _align_cells(tokens)
    _dress_alerts(tokens, words)
    html = _parser().renderer.render(tokens, _parser().options, env)
    return Rendered(clean(html, place, task_label=words["Task"]), tuple(headings))


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": True, "linkify": False}).use(gfm_plugin)
    md.use(dollarmath_plugin, allow_space=False, allow_digits=False, allow_blank_lines=False, double_inline=True)
    md.inline.ruler.before("escape", "tex_brackets", _tex_brackets)
    for name, rule in {
        "fence": _fence,
        "code_block": _fence,
        "table_open": _table_open,
        "table_close": _table_close,
        "math_inline": _math_inline,
        "math_inline_double": _math_block,
        "math_block": _math_block,
        "math_block_label": _math_block,
        "footnote_block_open": _footnotes_open,
    }.items():
        md.add_render_rule(name, rule)
    return md


def _tex_brackets(state: StateInline, silent: bool) -> bool:
    r"""`\\( … \\)` as the Hub's cards write inline mathematics (two backslashes, since Markdown eats one)."""
    source, start = state.src, state.pos
    if not source.startswith("\\\\(", start):
        return False
    end = source.find("\\\\)", start + 3)
    if end < 0 or "\n\n" in source[start:end]:
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = source[start + 3 : end], "\\\\("
    state.pos = end + 3
    return True


def _name_headings(tokens: Sequence[Token], down: int) -> list[Heading]:
    """Ids as other hubs make them, so that links into a card keep working. Each is used once."""
    found: list[Heading] = []
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + down, 6)}"
        if token.type != "heading_open":
            continue
        text = "".join(
            child.content for child in tokens[at + 1].children or () if child.type in {"text", "code_inline"}
        )
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")[:90] or "section"
        if slug.startswith("z-"):
            slug = f"s{slug}"
        taken[slug] = taken.get(slug, -1) + 1
        id = f"{slug}-{taken[slug]}" if taken[slug] else slug
        token.attrSet("id", id)
        found.append(Heading(int(token.tag[1]), id, text))
    return found


def _align_cells(tokens: Sequence[Token]) -> None:
    """A class instead of an inline style, which our pages do not allow."""
    for token in tokens:
        if token.type in {"th_open", "td_open"} and (style := str(token.attrs.pop("style", ""))):
            side = {"left": "start", "center": "center", "right": "end"}[style.rpartition(":")[2].strip()]
            token.attrSet("class", f"ta-{side}")


def _dress_alerts(tokens: Sequence[Token], words: dict[str, str]) -> None:
    for at, token in enumerate(tokens):
        if token.type == "alert_open":
            token.attrs = {"class": f"alert alert-{str(token.meta.get('kind', 'note')).lower()}"}
        elif token.type == "alert_title_open":
            token.attrs = {"class": "alert-title"}
            for child in tokens[at + 1].children or ():
                child.content = words.get(child.content, child.content)


def _fence(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: Env) -> str:
    token = tokens[at]
    language = (token.info or "").strip().split(" ", 1)[0]
    code = highlight_block(token.content.rstrip("\n"), language).rstrip("\n")
    return f'<div class="codebox"><pre tabindex="0"><code>{code}\n</code></pre></div>\n'


def _table_open(_self: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, env: Env) -> str:
    return f'<div class="tw" tabindex="0" role="region" aria-label="{escape(env["zoco.words"]["Table"])}"><table>\n'


def _table_close(_self: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: Env) -> str:
    return "</table></div>\n"


def _math_inline(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, env: Env) -> str:
    return _mathml(tokens[at].content, "inline", env)


def _math_block(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, env: Env) -> str:
    return f'<div class="math-block" tabindex="0">{_mathml(tokens[at].content, "block", env)}</div>\n'


def _mathml(tex: str, display: str, env: Env) -> str:
    """MathML, which browsers draw by themselves; the TeX as written where it cannot be had."""
    env["zoco.formulas"] += 1
    if len(tex) <= FORMULA_MAX and env["zoco.formulas"] <= FORMULAS_MAX:
        try:
            drawn = str(convert(_ARG.sub(r"\\operatorname{arg}", tex.strip()), display=display))
            if "<mi>\\" not in drawn:  # a command it does not know, shown as it is
                return drawn
        except _UNREADABLE:
            pass
    return f'<code class="math-tex">{escape(tex.strip())}</code>'


def _footnotes_open(_self: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: Env) -> str:
    return '<hr class="footnotes-sep">\n<section class="footnotes">\n<ol class="footnotes-list">\n'


class _Kept:
    """The last pages rendered, up to a number of bytes."""

    def __init__(self, bytes_max: int) -> None:
        self._found: OrderedDict[bytes, Rendered] = OrderedDict()
        self._bytes, self._bytes_max = 0, bytes_max
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Rendered | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: bytes, rendered: Rendered) -> None:
        with self._lock:
            if key not in self._found:
                self._found[key] = rendered
                self._bytes += 2 * len(rendered.html)
            while self._bytes > self._bytes_max and self._found:
                self._bytes -= 2 * len(self._found.popitem(last=False)[1].html)


_kept = _Kept(KEPT_BYTES_MAX)
