"""What is wrong with a card's metadata and how is it mended? As `formats/cards` words it, for the translators."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 # gettext's name for «translate this later»
    return message


FAULTS = (
    N_("a second colon in a line, or a value that a key with a colon follows"),
    N_("this line begins further left than the one above it"),
    N_("this line is not indented like those it belongs to, or a quote ends too early"),
    N_("a line of a list that does not begin with '-'"),
    N_("a list that begins with '[' is never closed by ']'"),
    N_("a group that begins with '{{' is never closed by '}}'"),
    N_("a list or a group that is begun but never finished"),
    N_("a quote that is never closed"),
    N_("a line without `key: value`"),
    N_("a value that begins with a tab, '@', '`' or '%'"),
    N_("a '-' where no list can begin: put it on a line of its own"),
    N_("a tag ('!…') that cards do not have"),
    N_("a reference ('*…') to nothing: put text that begins with '*' between quotes"),
    N_("an escape for a character that does not exist"),
    N_("a character that YAML does not allow"),
    N_("a value that is not what its tag says, or a number of thousands of digits"),
    N_("nested more than {number} deep"),
    N_("references (*name) that stand for too much: write the values out"),
    N_("these must be lines of `key: value`"),
    N_("the metadata must be lines of `key: value`"),
    N_("a key must be a word"),
    N_("the key '{key}' is here twice"),
    N_("the key '{key}' has a no-break space in it"),
    N_("the metadata block is never closed"),
    N_("the metadata is larger than {size} kB"),
    N_("the text was read as {encoding} and saved again, which garbled its letters"),
    N_("this is not YAML"),
)
REPAIRS = (
    N_("Line {line} holds a no-break space: replace it by an ordinary space."),
    N_("Line {line} begins with a tab: use spaces."),
    N_("Remove the space before the first key: keys of the first level begin at the start of the line."),
    N_("Replace the no-break spaces by ordinary ones as well."),
    N_("Line {line}: write a space after the colon."),
    N_("Line {line}: write a space after the dash."),
    N_("Lines {lines}: write a space after the colon."),
    N_("Lines {lines}: write a space after the dash."),
    N_("Line {line}: put the value between quotes, for it holds a colon."),
    N_("Line {line}: put the value between quotes, for it begins with a special character."),
    N_("Line {line}: close the quote."),
    N_("Line {line}: close the '{begin}' with '{end}'."),
    N_("Line {line}: indent it like the lines it belongs to."),
    N_("Line {line} is no `key: value`: begin it with # to make it a comment."),
    N_("Add a line of --- after the last line of metadata."),
    N_("Move long text below the block."),
    N_("Save it as it was before: in UTF-8."),
)
