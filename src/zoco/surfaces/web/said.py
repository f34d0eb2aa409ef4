"""What the Hub said, in the visitor's language.

The Hub's own messages are English, because clients read them. Those a person meets on a page have their pattern here;
any other is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache

from zoco.core.errors import HubError
from zoco.surfaces.web.i18n import Language
from zoco.surfaces.web.said_of_cards import FAULTS, REPAIRS


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
    N_("A password has at least {number} characters."),
    N_("A password has at most {number} characters."),
    N_("The password must not be the user's name."),
    N_("Wrong name or password."),
    N_("The old password is wrong."),
    N_("This account is closed. Ask an administrator of this Hub to open it."),
    N_("Too many requests ({quota} in {window} s). Try again in {reset} s."),
    N_("'{email}' is not an e-mail address."),
    N_("A full name has at most {number} characters."),
    N_("The description has at most {number} characters."),
    N_("'{name}' is taken: it is the name of a user. Choose another name."),
    N_("'{name}' is taken: it is the name of an organisation. Choose another name."),
    N_("'{name}' is taken: it is the name of an alias. Choose another name."),
    N_("'{email}' belongs to another account. Sign in to that one, or give another address."),
    N_("There is no user called '{name}'."),
    N_("There is no organisation called '{name}'."),
    N_("{name} is the last administrator of {org}: name another one first."),
    N_("Only administrators of {org} may do this."),
    N_("A token needs a name, so that you know it later."),
    N_("A fine-grained token needs its permissions, and only a fine-grained one has any."),
    N_("There is no repository '{path}' that you may read."),
    N_("'{path}' must be of the form type/owner/name, as in model/acme/iris."),
    N_("You do not belong to '{name}': a token can only give what its owner has."),
    N_("Invalid YAML metadata in README.md, line {line}: {problem}"),
    N_("You may read {repo} but not write to it: that needs the write or admin role in {owner}."),
    N_("You may read {repo} but not change its settings: that needs the write or admin role in {owner}."),
    N_("Access to {type} {name} is restricted. Visit the page of {again} to ask for access."),
    N_(
        "Access to {type} {name} is restricted. You must have access to it and be authenticated to access it. Please"
        " log in and visit {path}."
    ),
    N_("The form is larger than {size} bytes: send large files with git-lfs or hf upload"),
    N_("Log in to see this page."),
    N_("Log in to like a repository."),
    N_("Log in to change this repository."),
    N_("Sign-up is closed on this Hub: ask its administrator for an account."),
    N_("Path {path} must not have '.git' as a part, in any spelling"),
    N_("Path {path} must not have '{part}' as a part"),
    N_("Path {path} has an empty part: check for '//' and a trailing '/'"),
    N_("Path {path} holds a backslash: separate folders with '/'"),
    N_("Path {path} holds a control character"),
    N_("Path {path} has more than {number} bytes"),
    N_("Path {path} has a part of more than {number} bytes"),
    N_("This file is not text, or too large to edit here: change it with git or hf upload."),
)


def in_words(language: Language, error: HubError) -> str:
    return translate(language, error.message)


def translate(language: Language, message: str) -> str:
    for pattern, template in _compiled():
        if match := pattern.fullmatch(message):
            words = match.groupdict()
            if problem := words.get("problem"):
                words["problem"] = sentence_by_sentence(language, problem)
            return language.gettext(template).format(**words)
    return message


def sentence_by_sentence(language: Language, problem: str) -> str:
    """A fault of a card and its repairs, which come in any number."""
    fault, stop, repairs = problem.partition(". ")
    said = [translate(language, repair) for repair in _SENTENCES.split(repairs)]
    return translate(language, fault) + stop + " ".join(said)


_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z])")


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(template), template) for template in (*PATTERNS, *FAULTS, *REPAIRS))


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    plain = [part.replace("{{", "{").replace("}}", "}") for part in parts]
    text = "".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(plain))
    return re.compile(text, re.DOTALL)
