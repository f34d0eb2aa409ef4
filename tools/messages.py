"""Brings every catalogue up to the sources: `python tools/messages.py`. A new language: `python tools/messages.py xx`.

New messages come without a translation and gone ones are dropped; the tests fail until every message is translated.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).resolve().parent.parent / "src/zoco/surfaces/web"
LOCALES = WEB / "locales"
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {
    "templates/**.html": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do,jinja2.ext.loopcontrols",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "silent": "false",
    }
}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def extracted() -> Catalog:
    catalogue = Catalog(project="zoco", charset="utf-8", header_comment="# Messages of the pages.")
    found = extract_from_dir(WEB, METHODS, OPTIONS, keywords=KEYWORDS, directory_filter=lambda _: True)
    for file, line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalogue.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return catalogue


def file_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES/zoco.po"


def brought_up(language: str) -> Catalog:
    """The catalogue with the sources' messages: translations kept, nothing guessed."""
    template, file = extracted(), file_of(language)
    catalogue = Catalog(locale=language, project="zoco", charset="utf-8")
    if file.exists():
        with file.open("rb") as source:
            catalogue = read_po(source, locale=language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def as_text(catalogue: Catalog) -> bytes:
    sink = io.BytesIO()
    write_po(sink, catalogue, width=120, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True)
    dated = (b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Last-Translator', b'"Language-Team', b'"Generated-By')
    return b"".join(line for line in sink.getvalue().splitlines(keepends=True) if not line.startswith(dated))


def main(languages: list[str]) -> None:
    for language in languages or sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir()):
        catalogue = brought_up(language)
        file_of(language).parent.mkdir(parents=True, exist_ok=True)
        file_of(language).write_bytes(as_text(catalogue))
        missing = sum(1 for message in catalogue if message.id and not message.string)
        sys.stdout.write(f"{language}: {len(catalogue)} messages, {missing} to translate\n")


if __name__ == "__main__":
    main(sys.argv[1:])
