"""Values of attributes: read from texts and JSON strictly, never coerced; kept as JSON; compared without dress."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.codes import in_language
from accounts.models import Organisation, User
from cmdb.models import Attribute, ConfigurationItem, Kind

LONGEST = 400
_YES = {"yes", "true", "1", "是", "y"}
_NO = {"no", "false", "0", "否", "n"}
_url = URLValidator(schemes=["http", "https", "ftp"])


class Known:
    """Rows that values refer to, by the key that people write; loaded at once, so that an import asks once."""

    def __init__(self, *, people: Any = None, organisations: Any = None, items: Any = None) -> None:
        self.people = people
        self.organisations = organisations
        self.items = items

    @classmethod
    def all(cls) -> Known:
        """Everybody and everything that can be referred to; items are asked for one by one."""
        return cls(
            people=set(User.objects.values_list("username", flat=True)),
            organisations=set(Organisation.objects.values_list("code", flat=True)),
        )

    def has_item(self, identifier: str) -> bool:
        """Whether an item of that identifier exists."""
        if self.items is not None:
            return identifier in self.items
        return ConfigurationItem.objects.filter(identifier=identifier).exists()


def normalised(value: Any) -> str:
    """The value for comparison: without case, width, and superfluous blanks (ＡＢ１２ = ab12)."""
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    return re.sub(r"\s+", " ", text).strip()


def is_empty(value: Any) -> bool:
    """Whether nothing is said. "No" and 0 are values like any other."""
    return value is None or value == ""


def unlike(one: Any, other: Any) -> bool:
    """Whether two values say something else; None and an empty text both say nothing."""
    return not is_empty(other) if is_empty(one) else one != other


def read(attribute: Attribute, given: Any, known: Known) -> Any:
    """``given`` as it is kept for ``attribute``; None for nothing. Raises ValidationError."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    value = _READERS[Kind(attribute.kind)](attribute, given, known)
    if attribute.pattern and not re.fullmatch(attribute.pattern, str(value)):
        raise ValidationError(_("“%(value)s” does not fit the pattern %(pattern)s.") % _said(value, attribute.pattern))
    return value


def _said(value: Any, pattern: str = "") -> dict[str, Any]:
    return {"value": str(value)[:60], "pattern": pattern}


def _text(attribute: Attribute, given: Any, known: Known) -> str:
    if isinstance(given, bool | list | dict):
        raise ValidationError(_("A text is expected."))
    text = str(given).strip()
    if len(text) > LONGEST:
        raise ValidationError(_("At most %(count)d characters.") % {"count": LONGEST})
    if "\0" in text:
        raise ValidationError(_("NUL characters are not accepted."))
    return text


def _number(attribute: Attribute, given: Any, known: Known) -> int | float:
    if isinstance(given, bool):
        raise ValidationError(_("A number is expected."))
    text = unicodedata.normalize("NFKC", str(given)).strip()
    if attribute.unit and text.endswith(attribute.unit):
        text = text.removesuffix(attribute.unit).strip()
    try:
        number = Decimal(text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else text)
    except InvalidOperation as error:
        raise ValidationError(_("“%(value)s” is not a number.") % _said(given)) from error
    if not number.is_finite() or abs(number) >= 10**15:
        raise ValidationError(_("“%(value)s” is not a number.") % _said(given))
    return int(number) if number == number.to_integral_value() else float(number)


def _date(attribute: Attribute, given: Any, known: Known) -> str:
    if isinstance(given, date):
        return given.isoformat()[:10]
    text = str(given).strip()
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValidationError(_("“%(value)s” is not a date such as 2026-11-22.") % _said(given))
    return found.isoformat()


def _yes_no(attribute: Attribute, given: Any, known: Known) -> bool:
    if isinstance(given, bool):
        return given
    text = normalised(given)
    if text not in _YES | _NO:
        raise ValidationError(_("“%(value)s” is neither yes nor no.") % _said(given))
    return text in _YES


def _choice(attribute: Attribute, given: Any, known: Known) -> str:
    codes = {str(choice["code"]): str(choice["code"]) for choice in attribute.choices}
    names = {normalised(choice[name]): str(choice["code"]) for choice in attribute.choices for name in ("zh", "en")}
    found = codes.get(str(given).strip()) or names.get(normalised(given))
    if found is None:
        offered = ", ".join(codes)
        raise ValidationError(
            _("“%(value)s” is not offered; possible: %(offered)s.") % {**_said(given), "offered": offered}
        )
    return found


def _item(attribute: Attribute, given: Any, known: Known) -> str:
    text = _text(attribute, given, known)
    if not known.has_item(text):
        raise ValidationError(_("There is no configuration item “%(value)s”.") % _said(text))
    return text


def _person(attribute: Attribute, given: Any, known: Known) -> str:
    text = _text(attribute, given, known)
    if text not in (known.people or ()):
        raise ValidationError(_("There is no person “%(value)s”.") % _said(text))
    return text


def _organisation(attribute: Attribute, given: Any, known: Known) -> str:
    text = _text(attribute, given, known)
    if text not in (known.organisations or ()):
        raise ValidationError(_("There is no organisation “%(value)s”.") % _said(text))
    return text


def _address(attribute: Attribute, given: Any, known: Known) -> str:
    text = unicodedata.normalize("NFKC", _text(attribute, given, known))
    try:
        return str(ipaddress.ip_interface(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValidationError(_("“%(value)s” is not a network address.") % _said(given)) from error


def _web(attribute: Attribute, given: Any, known: Known) -> str:
    text = _text(attribute, given, known)
    _url(text)
    return text


_READERS: Mapping[Kind, Callable[[Attribute, Any, Known], Any]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.ITEM: _item,
    Kind.PERSON: _person,
    Kind.ORGANISATION: _organisation,
    Kind.ADDRESS: _address,
    Kind.URL: _web,
}


def shown(attribute: Attribute | None, value: Any) -> str:
    """The value as people read it, in their language."""
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if attribute is None:
        return str(value)
    if attribute.kind == Kind.CHOICE:
        return next((choice_name(choice) for choice in attribute.choices if choice["code"] == value), str(value))
    return f"{value} {attribute.unit}" if attribute.unit and attribute.kind == Kind.NUMBER else str(value)


def choice_name(choice: Mapping[str, str]) -> str:
    """A choice in the language of the reader."""
    return in_language(choice["zh"], choice["en"])


def written(value: Any) -> str:
    """The value as exports write it and imports read it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
