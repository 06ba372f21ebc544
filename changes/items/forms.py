"""Input of what puts all items of a question on a change: counted first, then confirmed."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.items.query import MOST, WORDS, found_by, new_to, stands_on
from changes.plan.forms import AlwaysOfSubstance
from cmdb.models import BusinessSystem, CIClass, CIStatus, ConfigurationItem
from tickets.forms import CodeChoiceField

#: So many are named beside their number.
NAMED = 5


class QueryItemsForm(AlwaysOfSubstance):
    """All of a service, of a class, in a state, at a place. ``found`` are the items that would come to it."""

    asked_late = frozenset({"confirmed"})
    #: Said when nothing fits.
    none = _("There is nothing new that fits all of this.")
    count = 0
    unlogged = frozenset({"confirmed", "let_approvals_fall", "found"})

    business_system = CodeChoiceField(
        BusinessSystem.objects.active(), label=_("All of the business system"), required=False
    )
    ci_class = CodeChoiceField(
        CIClass.objects.filter(active=True), label=_("All of the class, with those below it"), required=False
    )
    status = CodeChoiceField(CIStatus.objects.active(), label=_("In the status"), required=False)
    place = forms.CharField(label=_("At the place"), max_length=100, required=False)
    q = forms.CharField(label=_("Words of the name, or the identifier"), max_length=100, required=False)
    confirmed = forms.BooleanField(label=_("Put them on the change"), required=False)

    field_order = (*WORDS, "confirmed", "let_approvals_fall")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """All of the change's own system is what is asked most."""
        return {"business_system": ticket.specific.business_system_id}

    def clean(self) -> dict[str, Any]:
        """Say how many they are before they are put on it."""
        cleaned = super().clean() or {}
        if self.errors.keys() - {"let_approvals_fall"} or self.user is None:
            return cleaned
        asked = {name: _word(cleaned.get(name)) for name in WORDS}
        if not any(asked.values()):
            raise ValidationError(gettext("Say which: at least one of these."))
        try:
            cleaned["found"] = self.found(asked)
        except ValidationError as error:
            self.add_error("place", error.messages)
            return cleaned
        self._check_count(cleaned)
        return cleaned

    def found(self, asked: dict[str, str]) -> QuerySet[ConfigurationItem]:
        """What fits and is not on the change yet."""
        return new_to(self.ticket, found_by(cast(User, self.user), asked))

    def _check_count(self, cleaned: dict[str, Any]) -> None:
        self.count = count = cleaned["found"].count()
        if count == 0:
            raise ValidationError(str(self.none))
        if count > MOST:
            text = gettext("%(count)d fit this; at most %(most)d are put on a change at once.")
            raise ValidationError(text % {"count": count, "most": MOST})
        if not cleaned.get("confirmed"):
            names = ", ".join(cleaned["found"].order_by("identifier").values_list("identifier", flat=True)[:NAMED])
            self.add_error("confirmed", self.told(count) % {"count": count, "names": names})

    def told(self, count: int) -> str:
        """What a confirmation would do."""
        return ngettext("%(count)d item comes to it: %(names)s.", "%(count)d items come to it: %(names)s …", count)

    def as_record(self) -> dict[str, Any]:
        """What was asked, and how many came of it: not thousands of identifiers."""
        return {**super().as_record(), "count": self.count}


class RemoveQueryItemsForm(QueryItemsForm):
    """All of the change's items that fit: counted, then taken off it."""

    none = _("There is nothing on the change that fits all of this.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"].label = _("Take them off the change")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is asked."""
        return {}

    def found(self, asked: dict[str, str]) -> QuerySet[ConfigurationItem]:
        """What fits and is on the change, also what is retired by now."""
        return stands_on(self.ticket, found_by(cast(User, self.user), asked, retired=True))

    def told(self, count: int) -> str:
        """What a confirmation would do."""
        return ngettext("%(count)d item comes off it: %(names)s.", "%(count)d items come off it: %(names)s …", count)


def _word(value: Any) -> str:
    return str(getattr(value, "pk", value) or "").strip()
