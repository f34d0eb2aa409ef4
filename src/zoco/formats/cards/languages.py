"""Is this word a language code, and what is the language called?

Two-letter codes are ISO 639-1; three-letter ones are those of ISO 639-2/3 that the locale data knows by name. Cards
also write regions and scripts (`pt-BR`, `zh-Hant`).
"""

from __future__ import annotations

import re
from functools import cache

from babel import Locale, UnknownLocaleError

LANGUAGES: frozenset[str] = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo"
    " es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka"
    " kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng"
    " nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
"""ISO 639-1."""

SPECIAL = {"multilingual": "multilingual", "code": "code"}

_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


def is_language(code: str) -> bool:
    """What `language:` of a card may hold."""
    if code in SPECIAL:
        return True
    return _CODE.fullmatch(code) is not None and (code[:2] in LANGUAGES or len(re.split("[-_]", code)[0]) == 3)


def is_language_tag(tag: str) -> bool:
    """Whether a bare word among `tags:` means a language. Three letters are too often something else (`ner`, `asr`)."""
    return tag in LANGUAGES or tag == "multilingual"


def language_name(code: str, locale: str = "en") -> str:
    """In the language of `locale`; the code itself where no name is known."""
    base, *rest = re.split("[-_]", code)
    name = _names(locale).get(base)
    if name is None:
        return code
    return f"{name} ({'-'.join(rest)})" if rest else name


@cache
def _names(locale: str) -> dict[str, str]:
    try:
        return {str(code): str(name) for code, name in Locale.parse(locale.replace("-", "_")).languages.items()}
    except (UnknownLocaleError, ValueError):
        return _names("en")
