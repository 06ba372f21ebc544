"""What is asked for an export, in pages and API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exporting.models import Export
from exporting.sources import SOURCES


class ExportForm(forms.Form):
    """Which list, what of it, as what."""

    source = forms.ChoiceField(label=_("List"), choices=[(code, source.label) for code, source in SOURCES.items()])
    query = forms.CharField(label=_("Filters, as in the address of the list"), required=False, max_length=4000)
    format = forms.ChoiceField(label=_("Format"), choices=Export.Format.choices)
    columns = forms.MultipleChoiceField(
        label=_("Columns"), required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
    )

    def __init__(self, *args: Any, user: User, source: str = "", **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        code = source or (self.data.get("source") if self.is_bound else self.initial.get("source"))
        found = SOURCES.get(str(code)) or SOURCES["tickets"]
        offered = found.columns(user)
        self.fields["columns"].choices = [(name, column.label) for name, column in offered.items()]  # type: ignore[attr-defined]

    def clean_query(self) -> QueryDict:
        """The filters; where one is in the list and how it looks does not matter."""
        query = QueryDict(self.cleaned_data["query"].lstrip("?"), mutable=True)
        for name in ("cursor", "layout", "columns", "ticket"):
            query.pop(name, None)
        return query
