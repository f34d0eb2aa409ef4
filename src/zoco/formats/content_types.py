"""As what may a file of a repository be sent to a browser? Files come from strangers and share the Hub's origin."""

from __future__ import annotations

from pathlib import PurePosixPath

BINARY = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"

_SHOWN = {
    "apng": "image/apng",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "ogv": "video/ogg",
    "webm": "video/webm",
    "pdf": "application/pdf",
    "gz": "application/gzip",
    "zip": "application/zip",
}

_READ_AS_TEXT = frozenset(
    "c cc cfg cff conf cpp cs css csv env go h hpp htm html ini ipynb java jl js json jsonl jsonnet jsx kt lock log"
    " lua md mdx mjs mk modelcard ndjson patch php pl proto py pyi r rb rs rst scala scss sh sql srt svelte swift"
    " tex toml ts tsv tsx txt vocab vtt vue xhtml xml yaml yml".split()
)
_TEXT_NAMES = frozenset(
    ".gitattributes .gitignore .gitkeep .gitmodules .dockerignore .editorconfig dockerfile makefile license licence"
    " readme notice authors changelog citation".split()
)


def content_type_of(path: str) -> str:
    """HTML, scripts and the like are text to read, never pages to run.

    SVG stays an image, because cards show it: it must be sent with a Content-Security-Policy that stops its scripts.
    """
    file = PurePosixPath(path)
    ending = file.suffix[1:].lower()
    if ending in _SHOWN:
        return _SHOWN[ending]
    if ending in _READ_AS_TEXT or file.name.lower() in _TEXT_NAMES:
        return TEXT
    return BINARY
