"""What is asked about an import: files, whose word they are, how columns and dates read, on what ground."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.forms import GroundForm
from cmdb.models import ItemMapping
from cmdb.models.sources import source_name
from cmdb.transfer.dates import DateReading
from cmdb.transfer.mappings import shipped
from cmdb.transfer.requests import Asked

#: What the fields of columns of dates are called before their headings.
DATES = "dates:"
LARGEST_FILE = 20 * 1024 * 1024
_COLUMNS_HELP = gettext_lazy("One a line: heading = field. “heading = -” leaves a column out.")


def column_lines(text: str) -> dict[str, str | None]:
    """What each line says a column is; the last = counts, headings may contain others. Raises ValidationError."""
    found: dict[str, str | None] = {}
    for line in text.replace("＝", "=").splitlines():
        heading, sign, name = (part.strip() for part in line.rpartition("="))
        if line.strip() and not (sign and heading and name):
            raise ValidationError(_("“%(line)s” does not say what a column is.") % {"line": line.strip()[:60]})
        if line.strip():
            found[heading] = None if name == "-" else name
    return found


class ImportForm(GroundForm):
    """Files, what to do with them, and on what ground they change what is controlled of items in use.

    ``kept``: the files lie here already, and only what was open is decided.
    """

    since = None  # type: ignore[assignment]  # taken away: a file is so from now on
    items = forms.FileField(label=gettext_lazy("Configuration items (CSV or Excel)"))
    relations = forms.FileField(label=gettext_lazy("Relations (CSV or Excel)"), required=False)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=40,
        required=False,
        validators=[source_name],
        help_text=gettext_lazy("Whose word the file is, as sources are ranked. Empty: import."),
    )
    mapping = forms.CharField(label=gettext_lazy("Mapping"), required=False, widget=forms.Select)
    columns = forms.CharField(
        label=gettext_lazy("Columns with other names"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_COLUMNS_HELP,
    )
    relation_columns = forms.CharField(
        label=gettext_lazy("Columns of the relations with other names"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("As above; the fields are source, relation, target, group and needed."),
    )
    keep_as = forms.CharField(
        label=gettext_lazy("Keep the mapping as"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("It is offered again for a file with the same columns."),
    )
    keep_shared = forms.BooleanField(label=gettext_lazy("Share the mapping"), required=False)
    good_rows = forms.BooleanField(label=gettext_lazy("Write the good rows, leave out the others"), required=False)

    field_order = (
        "items",
        "relations",
        "source",
        "mapping",
        "columns",
        "relation_columns",
        "keep_as",
        "keep_shared",
    )

    def __init__(self, *args: Any, kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kept:
            del self.fields["items"], self.fields["relations"]
        own = ItemMapping.objects.usable_by(kwargs["user"]).values_list("name", flat=True)
        names = [*shipped(), *dict.fromkeys(own)]
        self.fields["mapping"].widget.choices = [("", _("None")), *((name, name) for name in names)]
        self._ask([name.removeprefix(DATES) for name in {**self.initial, **self.data} if name.startswith(DATES)])

    def _ask(self, headings: Iterable[str]) -> None:
        """A choice for each column of dates that reads in more than one way."""
        for heading in headings:
            label = _("Dates in “%(column)s”") % {"column": heading}
            choices = [("", _("Choose")), *DateReading.choices]
            self.fields[DATES + heading] = forms.ChoiceField(label=label, choices=choices, required=False)

    def offer(self, kept: ItemMapping) -> None:
        """Choose what was kept for such a file."""
        self.data = {**self._typed(), "mapping": kept.name}
        text = _("“%(name)s” was kept for a file with these columns; it is chosen now.")
        self.add_error("mapping", text % {"name": kept.name})

    def ask(self, undecided: Mapping[str, list[str]]) -> None:
        """Let the form say which columns wait for a decision, and ask how these columns of dates read."""
        for name in ("columns", "relation_columns"):
            if undecided[name]:
                said = str(self._typed().get(name, "")).rstrip()
                lines = [*([said] if said else []), *(f"{heading} = " for heading in undecided[name])]
                self.data = {**self._typed(), name: "\n".join(lines)}
        self._ask(undecided["dates"])
        for heading in undecided["dates"]:
            self.add_error(DATES + heading, _("More than one reading fits; nothing is written before one is chosen."))

    def _typed(self) -> dict[str, Any]:
        return self.data.dict() if hasattr(self.data, "dict") else dict(self.data)

    def clean_keep_as(self) -> str:
        """Shipped ones keep their names."""
        name = str(self.cleaned_data["keep_as"]).strip()
        if name in shipped():
            raise ValidationError(_("A shipped mapping is called so."))
        return name

    def clean_columns(self) -> dict[str, str | None]:
        """What each column is."""
        return column_lines(self.cleaned_data["columns"])

    def clean_relation_columns(self) -> dict[str, str | None]:
        """What each column of the relations is."""
        return column_lines(self.cleaned_data["relation_columns"])

    def clean(self) -> dict[str, Any]:
        """Not too large: the command takes larger files."""
        cleaned = super().clean() or {}
        for name in ("items", "relations"):
            if cleaned.get(name) and cleaned[name].size > LARGEST_FILE:
                self.add_error(name, _("At most 20 MB here; the command import_items takes larger files."))
        return cleaned

    def asked(self, name: str, *, write: bool) -> Asked:
        """What was chosen for the file ``name``."""
        said = self.cleaned_data
        dates = {key.removeprefix(DATES): value for key, value in said.items() if key.startswith(DATES) and value}
        plain = ("mapping", "columns", "relation_columns", "keep_as", "keep_shared", "good_rows")
        return Asked(
            name=name,
            source=said["source"] or "import",
            dates=dates,
            change=said["change"].strip(),
            correction=said.get("correction", False),
            reason=said["reason"].strip(),
            dry_run=not write,
            **{key: said[key] for key in plain},
        )


def typed_again(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen before, as the form shows it again."""
    found = dict(asked)
    for name in ("columns", "relation_columns"):
        found[name] = "\n".join(f"{heading} = {field or '-'}" for heading, field in asked[name].items())
    for heading, reading in found.pop("dates").items():
        found[DATES + heading] = reading
    return found
