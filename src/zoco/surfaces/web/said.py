"""What the Hub said, in the visitor's language.

The Hub's own messages are English, because clients read them. Those a person meets on a page have their pattern here;
any other is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache

from zoco.core.errors import HubError
from zoco.surfaces.web.i18n import Language


def N_(message: str) -> str:  # noqa: N802 # gettext's name for «translate this later»
    return message


PATTERNS = (
    N_("a name is needed"),
    N_("a name has at most {number} characters"),
    N_("'{name}' must use only letters, digits, '-', '_' and '.'"),
    N_("'{name}' must not hold '--' or '..'"),
    N_("'{name}' must not begin or end with '-' or '.'"),
    N_("'{name}' must not end with '.git' or '.ipynb'"),
    N_("'{name}' is reserved: choose another name"),
    N_("This form is too old or not from this page. Go back, reload the page and send it again."),
    N_("This request came from another site, so nothing was changed."),
    N_("The branch was updated since you opened this page. Please refresh and try again."),
    N_("Sorry, we can't find the page you are looking for."),
    N_("Repository not found"),
    N_("Entry not found: {path}"),
    N_("Invalid rev id: {revision}"),
    N_("Access to this resource is disabled."),
    N_("Something broke on our side. The log has the request id."),
    N_("The database does not answer. Try again in a moment."),
)


def in_words(language: Language, error: HubError) -> str:
    return translate(language, error.message)


def translate(language: Language, message: str) -> str:
    for pattern, template in _compiled():
        if match := pattern.fullmatch(message):
            return language.gettext(template).format(**match.groupdict())
    return message


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(template), template) for template in PATTERNS)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>.+)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile(text, re.DOTALL)
