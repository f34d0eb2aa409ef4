"""What clients send us as JSON or forms, checked before anything acts on it.

Fields we do not know are ignored: every client of the last years sends some. A field of the wrong type is refused by
name.
"""

from __future__ import annotations

from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from zoco.core.errors import Invalid
from zoco.surfaces.bodies import read_body

BODY_SIZE_MAX = 4_000_000
FORM_FIELDS_MAX = 20_000

M = TypeVar("M", bound=BaseModel)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold NUL characters")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
"""What is stored or looked for: databases and git take no NUL."""


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


async def json_body(request: Request, model: type[M], size_max: int = BODY_SIZE_MAX) -> M:
    """No body at all counts as `{}`. Raises Invalid naming the field."""
    return parse_json(model, await read_body(request, size_max) or b"{}")


def parse_json(model: type[M], data: bytes) -> M:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise Invalid(problem_with(error), _problems(error)) from error


async def form_or_json_body(request: Request, model: type[M], many: frozenset[str] = frozenset()) -> M:
    """A form (as huggingface_hub sends) or JSON (as JavaScript does); fields in `many` may be repeated."""
    data = await read_body(request, BODY_SIZE_MAX)
    if media_type_of(request) != "application/x-www-form-urlencoded":
        return parse_json(model, data or b"{}")
    try:
        return model.model_validate(_form(data, many))
    except ValidationError as error:
        raise Invalid(problem_with(error), _problems(error)) from error


def problem_with(error: ValidationError) -> str:
    """All faults in one line, each with the field it is about."""
    return "; ".join(_problems(error))


def _problems(error: ValidationError) -> tuple[str, ...]:
    return tuple(
        f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    )


def _form(data: bytes, many: frozenset[str]) -> dict[str, str | list[str]]:
    values: dict[str, str | list[str]] = {}
    for name in many:
        values[name] = []
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX)
    except ValueError as error:  # UnicodeDecodeError is one
        raise Invalid(f"The form cannot be read: {error}") from error
    for name, value in pairs:
        name = name.removesuffix("[]")
        if name in many:
            kept = values[name]
            assert isinstance(kept, list)
            kept.append(value)
        else:
            values[name] = value
    return values


def media_type_of(request: Request) -> str:
    """Of the body, in lower case without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
