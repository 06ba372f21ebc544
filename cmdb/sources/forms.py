"""Ranking sources, and withdrawing one: the same input for pages and API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.definitions import Definitions, column_labels
from cmdb.models import Claim, ItemImport, RelationType, Sighting, SourceRanking, SourceWithdrawal
from cmdb.models.sources import source_name
from cmdb.sources.ranking import relation_field
from cmdb.transfer.discovery import PEOPLE
from itsm.web.widgets import PlainChoiceField

#: Sources that are always there: people typing, programs, files.
USUAL = ("page", "api", "import")
MOST = 20


def known_sources() -> list[str]:
    """Every source that ever spoke or was ranked."""
    found = set(USUAL)
    found |= set(Sighting.objects.exclude(source__in=PEOPLE).values_list("source", flat=True).distinct())
    found |= set(ItemImport.objects.values_list("source", flat=True).distinct())
    found |= set(Claim.objects.values_list("source", flat=True).distinct())
    found |= {name for row in SourceRanking.objects.all() for name in row.sources}
    found |= set(SourceWithdrawal.objects.values_list("source", flat=True))
    return sorted(found)


def relation_labels() -> dict[str, str]:
    """What rankings call relations, by the name under which one keeps their type."""
    return {
        relation_field(row.code): _("Relation “%(name)s”") % {"name": row.name} for row in RelationType.objects.all()
    }


def ranked_label(name: str, known: Definitions, relations: Mapping[str, str]) -> str:
    """What people call what a ranking is about; empty for everything."""
    return relations.get(name) or (known.label(name) if name else "")


class RankingForm(forms.Form):
    """Which sources win, of which class and field; the strongest first, one a line."""

    ci_class = PlainChoiceField(label=gettext_lazy("Class"), required=False)
    field = PlainChoiceField(label=gettext_lazy("Field"), required=False)
    sources = forms.CharField(
        label=gettext_lazy("Sources, the strongest first"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy("One a line. Who is not named stands below all of them. Empty: the latest wins."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Definitions()
        classes = [(node.ci_class.code, "　" * node.depth + node.ci_class.name) for node in known.tree()]
        fields = [(code, row.name) for code, row in known.everywhere().items() if not row.formula]
        self.fields["ci_class"].choices = [("", _("every class")), *classes]  # type: ignore[attr-defined]
        self.fields["field"].choices = [  # type: ignore[attr-defined]
            ("", _("every field and relation")),
            *column_labels().items(),
            *sorted(fields, key=lambda pair: pair[1]),
            *relation_labels().items(),
        ]

    def clean_sources(self) -> list[str]:
        """Names of sources, each once."""
        typed = self.cleaned_data["sources"].replace("，", ",").replace(",", "\n").replace(">", "\n")
        found = [line.strip() for line in typed.splitlines() if line.strip()]
        for name in found:
            source_name(name)
        if len(set(found)) < len(found):
            raise ValidationError(_("A source stands in it twice."))
        if len(found) > MOST:
            raise ValidationError(_("At most %(count)d sources.") % {"count": MOST})
        return found


class WithdrawForm(forms.Form):
    """Why a source is not believed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea({"rows": 2}), strip=True
    )
