"""Stating a rule: the same input for page and API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from cmdb.asking.narrowing import narrow
from cmdb.definitions import Definitions
from cmdb.models import CIClass, ComplianceRule, ItemQuery
from cmdb.services import items_at
from cmdb.versioning.moments import NOW
from itsm.web.widgets import PlainChoiceField

#: A rule that asks for what breaks a rule would ask itself.
BREAKS = "breaks"


class RuleForm(forms.Form):
    """What must hold. The query is copied: a saved query that changes later does not change the rule."""

    name = forms.CharField(label=gettext_lazy("Rule"), max_length=120)
    ci_class = PlainChoiceField(label=gettext_lazy("For items of"), required=False)
    demand = PlainChoiceField(label=gettext_lazy("Demand"), choices=ComplianceRule.Demand.choices)
    query = PlainChoiceField(
        label=gettext_lazy("Saved query"),
        required=False,
        help_text=gettext_lazy("What it asks now is kept with the rule. Empty, when a rule changes: as before."),
    )
    why = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)
    active = forms.BooleanField(label=gettext_lazy("In force"), required=False, initial=True)

    def __init__(self, *args: Any, user: User, rule: ComplianceRule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.rule = user, rule or ComplianceRule()
        classes = [(node.ci_class.code, "　" * node.depth + node.ci_class.name) for node in Definitions().tree()]
        self.queries = {str(row.pk): row for row in ItemQuery.objects.visible_to(user)}
        names = [(key, row.name) for key, row in self.queries.items()]
        self.fields["ci_class"].choices = [("", _("every class")), *classes]  # type: ignore[attr-defined]
        self.fields["query"].choices = [("", "—"), *names]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """A name that no other rule has."""
        name = str(self.cleaned_data["name"]).strip()
        if ComplianceRule.objects.filter(name=name).exclude(pk=self.rule.pk).exists():
            raise ValidationError(_("A rule is called so."))
        return name

    def clean_query(self) -> str:
        """A query that can be asked."""
        query = self.queries.get(self.cleaned_data["query"])
        if query is None:
            if not self.rule.params:
                raise ValidationError(_("A rule needs a query."))
            return self.rule.params
        params = QueryDict(query.params)
        if BREAKS in params:
            raise ValidationError(_("This query asks for what breaks a rule itself."))
        try:
            narrow(items_at(NOW, self.user), params, self.user, NOW)
        except ValidationError as error:
            raise ValidationError(error.messages) from error
        return query.params

    def said(self) -> dict[str, Any]:
        """What the rule is to say."""
        found = dict(self.cleaned_data)
        code = found.pop("ci_class")
        params = found.pop("query")
        return {**found, "params": params, "ci_class": CIClass.objects.get(pk=code) if code else None}
