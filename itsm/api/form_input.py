"""Action forms as JSON: the schema of each, and turning a JSON body into what the form binds.

Forms are made for browsers, where everything is text. Here types are checked first, so that a number
where a text belongs is refused instead of being understood somehow.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from itsm.api.parsers import LARGEST_NUMBER, is_storable
from itsm.web.filtering import EARLIEST, LATEST

Schema = dict[str, Any]
FormClass = type[forms.Form]


def takes_files(form: FormClass) -> bool:
    """Whether the form takes files, so that it can be sent as multipart/form-data too."""
    return any(isinstance(field, forms.FileField) for field in form.base_fields.values())


def json_type(field: forms.Field) -> str:
    """The JSON type of a form field's value; "file" for files."""
    kinds: tuple[tuple[Any, str], ...] = (
        (forms.FileField, "file"),
        (forms.BooleanField, "boolean"),
        ((forms.FloatField, forms.DecimalField), "number"),
        (forms.IntegerField, "integer"),
        ((forms.ModelMultipleChoiceField, forms.MultipleChoiceField), "array"),
    )
    if isinstance(field, forms.TypedChoiceField) and field.coerce is int:
        return "integer"
    return next((name for cls, name in kinds if isinstance(field, cls)), "string")


def fixed_choices(field: forms.Field) -> list[tuple[Any, Any]]:
    """(value, label) of a field whose choices do not come from a table."""
    if isinstance(field, forms.ModelChoiceField) or not isinstance(field, forms.ChoiceField):
        return []
    return [(value, label) for value, label in field.choices if value not in ("", None)]  # type: ignore[misc,union-attr]


def keeps(form: FormClass | forms.Form, name: str) -> bool:
    """Whether leaving ``name`` out keeps what is stored. A text tells of one step: there is none to keep."""
    return getattr(form, "keeps_missing", False) and name != "text"


def schema_of(
    form: FormClass, *, multipart: bool = False, describe: Any = None, given: Iterable[str] | None = None
) -> Schema:
    """The JSON schema of the form's input. ``describe``: what a field refers to, as text.

    ``given``: something is made, nothing kept; these fields have a value when they are left out.
    """
    fields = {name: f for name, f in form.base_fields.items() if multipart or json_type(f) != "file"}
    left_out = {name for name in fields if keeps(form, name)} if given is None else set(given)
    required = [name for name, field in fields.items() if field.required and name not in left_out]
    properties = {name: _property(field, multipart, describe) for name, field in fields.items()}
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _property(field: forms.Field, multipart: bool, describe: Any) -> Schema:
    kind = json_type(field)
    texts = [field.label, field.help_text, describe(field) if describe else ""]
    schema: Schema = {"description": ". ".join(force_str(text).rstrip(".") for text in texts if text)}
    if kind == "file":
        return schema | {"type": "array", "items": {"type": "string", "format": "binary"}}
    if kind == "array":
        least = {"minItems": 1} if field.required else {}
        return schema | {"type": _nullable(field, kind, multipart), "items": {"type": "string"}} | least
    if takes_numbers(field):  # what people write as text is a number to programs; both are taken
        return schema | {"type": ["integer", "string"], "minimum": 1}
    schema |= {"type": _nullable(field, kind, multipart)} | _limits(field, kind)
    if choices := [value for value, _label in fixed_choices(field)]:
        schema["enum"] = choices if field.required or multipart else [*choices, None]
    return schema


def takes_numbers(field: forms.Field) -> bool:
    """Whether the text of the field is a number, also in other words such as 1:30 for 90 minutes."""
    return getattr(field, "takes_numbers", False)


def _nullable(field: forms.Field, kind: str, multipart: bool) -> str | list[str]:
    return kind if field.required or multipart else [kind, "null"]


def _limits(field: forms.Field, kind: str) -> Schema:
    if kind == "integer":
        least = [int(v.limit_value) for v in field.validators if isinstance(v, MinValueValidator)]
        return {"minimum": max(least, default=-LARGEST_NUMBER), "maximum": LARGEST_NUMBER}
    if isinstance(field, forms.DateTimeField):
        return {"format": "date-time"}
    if isinstance(field, forms.DateField):
        return {"format": "date"}
    if isinstance(field, forms.EmailField):
        return {"format": "email"}
    longest = getattr(field, "max_length", None)
    limits: Schema = {"maxLength": longest} if longest else {}
    return limits | ({"minLength": 1} if field.required and kind == "string" else {})


def read_input(form: FormClass, request: Request) -> tuple[Mapping[str, Any], Any]:
    """Return (data, files) for binding ``form``. Raises ValidationError by field."""
    if (request.content_type or "").startswith("multipart/"):
        _check_texts(request.POST.lists())
        return request.POST, request.FILES
    data: dict[str, Any] = request.data  # type: ignore[assignment]  # our parser takes objects only
    errors = {
        name: [reason]
        for name, value in data.items()
        if name in form.base_fields and (reason := _wrong(form.base_fields[name], value))
    }
    if errors:
        raise ValidationError(errors)
    return data, None


def checked(form: forms.BaseForm, sent: Iterable[str] = ()) -> dict[str, Any]:
    """What the form understood. Raises ValidationError by field, also for names in ``sent`` that it does not have."""
    errors: dict[str, Any] = {name: list(texts) for name, texts in form.errors.items()} | unknown(sent, form.fields)
    if errors:
        raise ValidationError(errors)
    return form.cleaned_data


def unknown(sent: Iterable[str], known: Container[str]) -> dict[str, Any]:
    """Errors for what was sent under a name that is asked for nowhere."""
    return {name: [_("There is no such field.")] for name in sent if name not in known}


def _check_texts(parts: Iterable[tuple[str, list[Any]]]) -> None:
    errors = {
        name.replace("\0", ""): [_("NUL characters are not accepted.")]
        for name, values in parts
        if not all(is_storable(text) for text in (name, *values))
    }
    if errors:
        raise ValidationError(errors)


def _wrong(field: forms.Field, value: Any) -> str | None:
    """Why ``value`` cannot be what the field takes, or None. Null stands for an empty field."""
    if value is None:
        return None
    kind = json_type(field)
    if kind == "file":
        return _("Files are sent as multipart/form-data.")
    if kind == "array":
        strings = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return None if strings else _("A list of texts is expected.")
    if kind in ("integer", "number"):
        fits = isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
        return None if fits else _("A number is expected.")
    if kind == "boolean":
        return None if isinstance(value, bool) else _("True or false is expected.")
    return _wrong_text(field, value)


def _wrong_text(field: forms.Field, value: Any) -> str | None:
    if takes_numbers(field) and isinstance(value, int) and not isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return _("A text is expected.")
    if value and isinstance(field, forms.DateTimeField):
        return _wrong_moment(value)
    if value and isinstance(field, forms.DateField):
        return None if _parsed(parse_date, value) else _("A date such as 2026-11-22 is expected.")
    return None


def _wrong_moment(value: str) -> str | None:
    moment = _parsed(parse_datetime, value)
    if moment is None or moment.tzinfo is None:
        return _("A time with its zone is expected, such as 2026-11-22T08:00:00Z.")
    try:
        fits = EARLIEST <= moment < LATEST
    except OverflowError:
        fits = False
    return None if fits else _("This time is out of range.")


def _parsed(parse: Any, value: str) -> Any:
    try:
        return parse(value)
    except ValueError:
        return None
