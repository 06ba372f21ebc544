"""What is asked about an import: files, whose word they are, how columns and dates read, on what ground."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.forms import GroundForm
from cmdb.models import ItemJob, ItemMapping
from cmdb.models.sources import source_name
from cmdb.sources.ranking import refused_name
from cmdb.transfer.columns import LEFT_OUT, item_fields, relation_fields
from cmdb.transfer.dates import DateReading
from cmdb.transfer.mappings import shipped
from cmdb.transfer.requests import Asked

#: What fields of the form about single columns are called before the headings: how its dates read, what it is.
DATES, COLUMN, RELATION_COLUMN = "dates:", "column:", "relation_column:"
PREFIXES = {DATES: "dates", COLUMN: "columns", RELATION_COLUMN: "relation_columns"}
#: What a browser offers to choose.
TABLES = ".csv,.xlsx"
LARGEST_FILE = 20 * 1024 * 1024
_COLUMNS_HELP = gettext_lazy("One a line: heading = field. “heading = -” leaves a column out.")


def _read_into(name: str) -> str | None:
    """The field that was said; None leaves the column out."""
    return None if name == LEFT_OUT else name


def column_lines(text: str) -> dict[str, str | None]:
    """What each line says a column is; the last = counts, headings may contain others. Raises ValidationError."""
    found: dict[str, str | None] = {}
    for line in text.replace("＝", "=").splitlines():
        heading, sign, name = (part.strip() for part in line.rpartition("="))
        if line.strip() and not (sign and heading and name):
            raise ValidationError(_("“%(line)s” does not say what a column is.") % {"line": line.strip()[:60]})
        if line.strip():
            found[heading] = _read_into(name)
    return found


class ImportForm(GroundForm):
    """Files, what to do with them, and on what ground they change what is controlled of items in use.

    ``kept``: the job whose files lie here already: only what was open is decided, unless others are chosen.
    """

    since = None  # type: ignore[assignment]  # taken away: a file is so from now on
    items = forms.FileField(
        label=gettext_lazy("Configuration items (CSV or Excel)"), widget=forms.FileInput({"accept": TABLES})
    )
    relations = forms.FileField(
        label=gettext_lazy("Relations (CSV or Excel)"), required=False, widget=forms.FileInput({"accept": TABLES})
    )
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

    def __init__(self, *args: Any, kept: ItemJob | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kept:
            self._keep(kept)
        own = ItemMapping.objects.usable_by(kwargs["user"]).values_list("name", flat=True)
        names = [*shipped(), *dict.fromkeys(own)]
        self.fields["mapping"].widget.choices = [("", _("None")), *((name, name) for name in names)]
        self._of = {COLUMN: item_fields(), RELATION_COLUMN: relation_fields()}
        said = {**self.initial, **self.data}
        for prefix in PREFIXES:
            self._ask(prefix, [name.removeprefix(prefix) for name in said if name.startswith(prefix)])

    def _keep(self, kept: ItemJob) -> None:
        """The files need not be chosen again."""
        items = self.fields["items"]
        items.label, items.required = _("Another file of items"), False
        items.help_text = _("None: %(name)s again.") % {"name": kept.name}
        if kept.relations:
            self.fields["relations"].label = _("Another file of relations")

    def _ask(self, prefix: str, headings: Iterable[str]) -> None:
        """A choice for each of the columns; they come first."""
        labels = {DATES: _("Dates in “%(column)s”"), COLUMN: _("Column “%(column)s”")}
        text = labels.get(prefix, _("Column “%(column)s” of the relations"))
        choices = [("", _("Choose")), *DateReading.choices] if prefix == DATES else self._of[prefix].choices
        for heading in headings:
            label = text % {"column": heading}
            self.fields[prefix + heading] = forms.ChoiceField(label=label, choices=choices, required=False)
        self.order_fields(sorted(self.fields, key=lambda name: not name.startswith(tuple(PREFIXES))))

    def offer(self, kept: ItemMapping) -> None:
        """Choose what was kept for such a file."""
        self.data = {**self._typed(), "mapping": kept.name}
        text = _("“%(name)s” was kept for a file with these columns; it is chosen now.")
        self.add_error("mapping", text % {"name": kept.name})

    def ask(self, undecided: Mapping[str, list[str]]) -> None:
        """Ask what the columns that wait for a decision are, and how columns of dates read."""
        for prefix, name in PREFIXES.items():
            self._ask(prefix, undecided[name])
        for prefix, fields in self._of.items():
            for heading in undecided[PREFIXES[prefix]]:
                self._propose(prefix + heading, fields.near(heading))
        for heading in undecided["dates"]:
            self.add_error(DATES + heading, _("More than one reading fits; nothing is written before one is chosen."))

    def _propose(self, name: str, near: str) -> None:
        """Choose the field that a heading comes close to, once; else it is asked for."""
        data = self._typed()
        if near and near not in [data.get(other) for other in self.fields if other.startswith(tuple(PREFIXES))]:
            self.data = {**data, name: near}
            self.fields[name].help_text = _("Proposed, as the heading comes close to it.")
        else:
            self.add_error(name, _("Choose what it is, or leave it out."))

    def _typed(self) -> dict[str, Any]:
        return self.data.dict() if hasattr(self.data, "dict") else dict(self.data)

    def clean_source(self) -> str:
        """Another's word, not the portal's."""
        source = str(self.cleaned_data["source"])
        if no := refused_name(source):
            raise ValidationError(no)
        return source

    def clean_keep_as(self) -> str:
        """Shipped ones keep their names."""
        name = str(self.cleaned_data["keep_as"]).strip()
        if name in shipped():
            raise ValidationError(_("A shipped mapping is called so."))
        return name

    def clean_columns(self) -> dict[str, str | None]:
        """What each column is."""
        return self._lines("columns", COLUMN)

    def clean_relation_columns(self) -> dict[str, str | None]:
        """What each column of the relations is."""
        return self._lines("relation_columns", RELATION_COLUMN)

    def _lines(self, name: str, prefix: str) -> dict[str, str | None]:
        lines = column_lines(self.cleaned_data[name])
        self._of[prefix].read(lines)
        return lines

    def clean(self) -> dict[str, Any]:
        """What was chosen goes with what was typed. Not too large: the command takes larger files."""
        cleaned = super().clean() or {}
        for prefix in self._of:
            chosen = {heading: _read_into(field) for heading, field in self._chosen(prefix).items()}
            cleaned[PREFIXES[prefix]] = {**cleaned.get(PREFIXES[prefix], {}), **chosen}
        for name in ("items", "relations"):
            if cleaned.get(name) and cleaned[name].size > LARGEST_FILE:
                self.add_error(name, _("At most 20 MB here; the command import_items takes larger files."))
        return cleaned

    def _chosen(self, prefix: str) -> dict[str, str]:
        """What was chosen of each column."""
        said = self.cleaned_data.items()
        return {key.removeprefix(prefix): value for key, value in said if key.startswith(prefix) and value}

    def asked(self, name: str, *, write: bool) -> Asked:
        """What was chosen for the file ``name``."""
        said = self.cleaned_data
        plain = ("mapping", "columns", "relation_columns", "keep_as", "keep_shared", "good_rows")
        return Asked(
            name=name,
            source=said["source"] or "import",
            dates=self._chosen(DATES),
            change=said["change"].strip(),
            correction=said.get("correction", False),
            reason=said["reason"].strip(),
            dry_run=not write,
            **{key: said[key] for key in plain},
        )


def typed_again(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen before, as the form shows it again: a choice for each column."""
    found = dict(asked)
    for prefix, name in PREFIXES.items():
        found |= {prefix + heading: field or LEFT_OUT for heading, field in found.pop(name).items()}
    return found
