"""Did this form come from our own page, and what does it say? Checked here once, for every POST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from zoco.core.errors import Denied, Invalid, TooLarge
from zoco.surfaces.web.visit import Visit

FORM_SIZE_MAX = 256_000
FIELDS_MAX = 300


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed: text without surrounding blanks, except in `raw`."""

    fields: FormData = field(default_factory=FormData)

    def __getitem__(self, name: str) -> str:
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def all(self, name: str) -> list[str]:
        return [value for value in self.fields.getlist(name) if isinstance(value, str)]

    def ticked(self, name: str) -> bool:
        return bool(self[name])

    def file(self, name: str) -> UploadFile | None:
        value = self.fields.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def typed(self) -> Mapping[str, str]:
        """To show a refused form again as it was; passwords are never shown again."""
        return {
            name: value
            for name, value in self.fields.items()
            if isinstance(value, str) and "password" not in name and name != "csrf"
        }


async def read_form(request: Request, visit: Visit, *, size_max: int = FORM_SIZE_MAX) -> Form:
    """Raises Denied when the form is not of our own page, TooLarge, or Invalid."""
    check_same_site(request, visit)
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise Invalid("The form does not say its length (Content-Length)")
    if int(length) > size_max:
        raise TooLarge(f"The form is larger than {size_max} bytes: send large files with git-lfs or hf upload")
    fields = await request.form(max_files=1, max_fields=FIELDS_MAX, max_part_size=size_max)
    form = Form(fields)
    if not visit.csrf.accepts(form["csrf"]):
        raise Denied("This form is too old or not from this page. Go back, reload the page and send it again.")
    return form


def check_same_site(request: Request, visit: Visit) -> None:
    """Browsers say where a request comes from; one from another site is never ours."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    host = urlsplit(visit.endpoint).netloc
    if site not in {"same-origin", "none"} or (
        origin and urlsplit(origin).netloc not in {host, request.headers.get("host")}
    ):
        raise Denied("This request came from another site, so nothing was changed.")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is shown: what was typed, and what is wrong with it. The error under '' belongs to no field."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        return self.errors.get(name, "")
