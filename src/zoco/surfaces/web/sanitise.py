"""The one door for HTML that somebody else wrote: what may stay, and where its links lead.

Whatever a card holds goes through `clean` after Markdown has made HTML of it; nothing else in the pages is marked safe
that a visitor could have written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import nh3
from markupsafe import Markup

from zoco.core.ids import RepoId
from zoco.surfaces.web import urls

_TEXT = (
    "a abbr article aside b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em"
    " figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd li mark ol p picture pre q rp rt ruby s"
    " samp section small source span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var"
    " video audio wbr"
)
_MATH = (
    "math semantics mrow mi mo mn ms mtext mspace mstyle mfrac msqrt mroot msub msup msubsup munder mover munderover"
    " mmultiscripts mprescripts mtable mtr mtd mpadded mphantom menclose none"
)
TAGS = frozenset(f"{_TEXT} {_MATH}".split())
GONE_WITH_CONTENT = frozenset(
    "script style template noscript iframe object embed noembed noframes title textarea xmp plaintext select option"
    " frameset svg".split()
)
_MATH_ATTRIBUTES = frozenset(
    "display mathvariant stretchy fence separator lspace rspace width height depth linethickness rowspacing"
    " columnspacing columnalign accent accentunder largeop movablelimits minsize maxsize form notation".split()
)
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "class", "lang", "dir", "title", "align"},
    "a": {"href", "name", "aria-label", "role"},
    "img": {"src", "alt", "width", "height"},
    "source": {"src", "type", "media"},
    "video": {"src", "poster", "width", "height", "muted", "loop"},
    "audio": {"src", "loop"},
    "input": {"checked"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "details": {"open"},
    "time": {"datetime"},
    "div": {"tabindex", "role", "aria-label"},
    "pre": {"tabindex"},
    "q": {"cite"},
    "blockquote": {"cite"},
    **{tag: set(_MATH_ATTRIBUTES) for tag in _MATH.split()},
}
_OUR_CLASSES = re.compile(
    r"codebox|hl|tw|ta-(?:start|center|end)|math|math-block|math-tex|alert|alert-(?:note|tip|important|warning|caution)"
    r"|alert-title|footnotes|footnote-(?:ref|item|backref)|footnotes-(?:sep|list)|task-list|task-item|hl-[a-z0-9]{1,3}"
)
_OUR_IDS = "z-"
"""Ids of the pages' own parts begin so; a card may not take them."""

_ANCHOR = re.compile(r"[\w.:-]{1,100}")
_SCHEMES = frozenset({"http", "https", "mailto"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the text stands: relative links begin in its folder. None as `repo`: relative links go nowhere."""

    repo: RepoId | None = None
    revision: str = "main"
    folder: str = ""
    shows_remote_images: bool = True


def clean(html: str, place: Place, *, task_label: str = "Task") -> Markup:
    """HTML that is safe to show on our pages."""

    def kept(_tag: str, attribute: str, value: str) -> str | None:
        return _kept(attribute, value, place)

    cleaned = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(GONE_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        link_rel="nofollow noopener ugc",
        url_schemes=set(_SCHEMES),
        set_tag_attribute_values={
            "img": {"loading": "lazy"},
            "video": {"controls": "", "preload": "metadata"},
            "audio": {"controls": "", "preload": "metadata"},
            "input": {"type": "checkbox", "disabled": "", "aria-label": task_label},
        },
        strip_comments=True,
    )
    return Markup(cleaned)  # noqa: S704 # this is the sanitiser


def _kept(attribute: str, value: str, place: Place) -> str | None:
    if attribute == "class":
        return " ".join(name for name in value.split() if _OUR_CLASSES.fullmatch(name)) or None
    if attribute in {"id", "name"}:
        return value if _ANCHOR.fullmatch(value) and not value.lower().startswith(_OUR_IDS) else None
    if attribute == "href":
        return link(value, place)
    if attribute in {"src", "poster"}:
        return media(value, place)
    if attribute == "role":
        return value if value in {"region", "doc-backlink", "doc-noteref"} else None
    if attribute == "tabindex":
        return "0"
    return value


def link(address: str, place: Place) -> str | None:
    """A relative link leads to the file's page, as it would on disk."""
    address = address.strip()
    if address.startswith(("#", "/", "?")):
        return address if not address.startswith(("//", "/\\")) else None
    if _is_absolute(address):
        return address
    return _in_repo(address, place, urls.blob)


def media(address: str, place: Place) -> str | None:
    """A relative picture or sound is the file itself. Those of other hosts only where they are allowed."""
    address = address.strip()
    if address.startswith("/"):
        return address if not address.startswith(("//", "/\\")) else None
    if _is_absolute(address):
        return address if place.shows_remote_images and not address.lower().startswith("mailto:") else None
    return _in_repo(address, place, urls.resolve)


def _is_absolute(address: str) -> bool:
    try:
        return urlsplit(address).scheme.lower() in _SCHEMES
    except ValueError:
        return False


def _in_repo(address: str, place: Place, to: Callable[[RepoId, str, str], str]) -> str | None:
    if place.repo is None or ":" in address.split("/", 1)[0]:
        return None
    path, _, fragment = address.partition("#")
    path = path.partition("?")[0]
    parts: list[str] = [part for part in place.folder.split("/") if part]
    for part in unquote(path).split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", ".", ".."}:
            parts.append(part)
    target = to(place.repo, place.revision, "/".join(parts)) if parts else urls.tree(place.repo, place.revision)
    return f"{target}#{fragment}" if fragment else target
