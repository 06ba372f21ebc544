"""What doors take in, read in one way: pages, API, imports and discovery give texts or JSON, this gives facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Organisation, SupportGroup
from cmdb.definitions import Definitions
from cmdb.models import BusinessSystem, CIStatus
from cmdb.values import Known, is_empty, read

LONGEST_NAME = 200
LONGEST_IDENTIFIER = 100
#: Columns as doors call them, and as they are kept.
NAMES = {
    "name": "name",
    "ci_class": "ci_class_id",
    "status": "status_id",
    "business_system": "business_system_id",
    "organisation": "organisation_id",
    "default_group": "default_group_id",
}
NEEDED = ("name", "ci_class_id", "status_id")


class Reader:
    """Reads facts against the classes and codes as they are now. Made once per request or import."""

    def __init__(self, *, definitions: Definitions | None = None, known: Known | None = None) -> None:
        self.definitions = definitions or Definitions()
        self.known = known or Known.all()
        self.keys: dict[str, dict[str, Any]] = {
            "ci_class": {code: code for code, row in self.definitions.classes.items() if row.active},
            "status": {row.pk: row.pk for row in CIStatus.objects.active()},
            "business_system": {row.pk: row.pk for row in BusinessSystem.objects.all()},
            "organisation": dict(Organisation.objects.values_list("code", "pk")),
            "default_group": dict(SupportGroup.objects.values_list("code", "pk")),
        }

    def facts(
        self, given: Mapping[str, Any], *, class_code: str = "", complete: bool = True
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The facts of ``given`` and the errors by name. ``complete``: a new item, all that is required must be there.

        ``class_code``: the class of an item that exists, unless ``given`` names another.
        """
        facts: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name in given.keys() & NAMES.keys():
            self._column(name, given[name], facts, errors)
        attributes = self.definitions.of(facts.get("ci_class_id") or class_code)
        for name in given.keys() - NAMES.keys():
            self._attribute(name, given[name], attributes, facts, errors)
        if complete:
            self._complete(given, attributes, facts, errors)
        return facts, errors

    def _column(self, name: str, value: Any, facts: dict[str, Any], errors: dict[str, list[str]]) -> None:
        text = str(value).strip() if value is not None else ""
        if name == "name":
            if not 0 < len(text) <= LONGEST_NAME or "\0" in text:
                errors[name] = [_("A name of 1 to %(count)d characters.") % {"count": LONGEST_NAME}]
            facts["name"] = text
        elif text and text not in self.keys[name]:
            errors[name] = [_("“%(value)s” is not known.") % {"value": text[:60]}]
        elif not text and NAMES[name] in NEEDED:
            errors[name] = [_("This is needed.")]
        else:
            facts[NAMES[name]] = self.keys[name][text] if text else None

    def _attribute(
        self, name: str, value: Any, attributes: Mapping[str, Any], facts: dict[str, Any], errors: dict[str, list[str]]
    ) -> None:
        attribute = attributes.get(name)
        if attribute is None:
            if not is_empty(value):
                errors[name] = [_("The class has no attribute “%(name)s”.") % {"name": name[:60]}]
            return
        if attribute.formula:
            if not is_empty(value):
                errors[name] = [_("This is worked out from other values.")]
            return
        try:
            facts[name] = read(attribute, value, self.known)
        except ValidationError as error:
            errors[name] = list(error.messages)
            return
        if attribute.required and facts[name] is None:
            errors[name] = [_("This is needed.")]

    def _complete(
        self,
        given: Mapping[str, Any],
        attributes: Mapping[str, Any],
        facts: dict[str, Any],
        errors: dict[str, list[str]],
    ) -> None:
        """Fill defaults; say what is missing."""
        for name, column in NAMES.items():
            if column in NEEDED and name not in given:
                errors[name] = [_("This is needed.")]
        for code, attribute in attributes.items():
            if code not in given and attribute.default:
                self._attribute(code, attribute.default, attributes, facts, errors)
            elif code not in given and attribute.required and not attribute.formula:
                errors[code] = [_("This is needed.")]


def read_identifier(given: Any) -> str:
    """An identifier as it is kept for life. Raises ValidationError."""
    text = str(given or "").strip()
    if not 0 < len(text) <= LONGEST_IDENTIFIER or any(ord(letter) < 32 for letter in text) or "/" in text:
        raise ValidationError(
            _("1 to %(count)d characters, without line breaks and slashes.") % {"count": LONGEST_IDENTIFIER}
        )
    return text
