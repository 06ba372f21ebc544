"""Pages of whoever keeps the record right: what waits for a decision, what nobody allowed, import and export."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.permissions import Permission
from cmdb.authority import may_correct, may_edit
from cmdb.definitions import Definitions
from cmdb.forms import GroundForm
from cmdb.health import measures
from cmdb.inputs import Reader
from cmdb.listing import ItemList
from cmdb.models import ConfigurationItem, Difference, ItemImport, ItemMapping
from cmdb.models.sources import source_name
from cmdb.transfer.dates import DateColumn, DateReading
from cmdb.transfer.discovery import Undecidable, decide, propose
from cmdb.transfer.exchange import Importer
from cmdb.transfer.exporting import relations_of, table_of
from cmdb.transfer.grounds import Ground
from cmdb.transfer.mappings import Reading, keep_mapping, kept_for, read_mapping, shipped
from cmdb.transfer.outcome import ImportRefused, Report
from cmdb.transfer.tables import TableError, csv_text, excel_bytes, read_table
from cmdb.transfer.undoing import undo_import
from cmdb.versioning.history import Names
from cmdb.views.classes import ManagedView
from cmdb.views.items import CmdbView, attempt, find_item, keep_out
from itsm.documents.sheets import TYPES

SHOWN = 100
#: What the fields of columns of dates are called before their headings.
DATES = "dates:"
LARGEST_FILE = 20 * 1024 * 1024


class DifferencesView(CmdbView):
    """What discovery saw and nobody decided yet."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        keep_out(request.user, may_edit(request.user))
        rows = Difference.objects.filter(decision="").select_related("sighting", "item")[:SHOWN]
        names, known = Names(Definitions()), Definitions()
        lines = [
            {
                "row": row,
                "label": known.label(row.field) if row.field else "",
                "was": names.shown(row.field, row.recorded_value, row.item.ci_class_id) if row.item else "",
                "seen": names.shown(row.field, row.seen_value, row.item.ci_class_id) if row.item else "",
            }
            for row in rows
        ]
        context = {"lines": lines, "may_decide": may_correct(request.user)}
        return render(request, "cmdb/differences.html", context)


class DecideView(ManagedView):
    """One difference: taken over on a ground, or the record is right."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask for the ground."""
        return self._draw(request, self._find(pk), GroundForm(user=request.user))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Decide."""
        row, form = self._find(pk), GroundForm(request.POST, user=request.user)
        if form.is_valid():
            stamp, taken = form.stamp(request.user), "take" in request.POST
            try:
                if attempt(form, lambda: decide(difference=row, taken=taken, stamp=stamp) or True):
                    messages.success(request, _("Decided."))
                    return redirect("cmdb:differences")
            except Undecidable as error:
                messages.error(request, str(error))
                return redirect("cmdb:differences")
        return self._draw(request, row, form, status=422)

    @staticmethod
    def _find(pk: int) -> Difference:
        found = Difference.objects.select_related("sighting", "item").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def _draw(request: SignedInRequest, row: Difference, form: GroundForm, status: int = 200) -> HttpResponse:
        context = {"row": row, "form": form, "label": Definitions().label(row.field) if row.field else ""}
        return render(request, "cmdb/decide.html", context, status=status)


class HealthView(CmdbView):
    """How complete and how right the record is."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the measures; each opens its items."""
        sections = measures(request.user, timezone.localdate(), timezone.now())
        return render(request, "cmdb/health.html", {"sections": sections})


class ProposeForm(forms.Form):
    """What in the record is wrong, as somebody on the spot sees it (配置核对更新)."""

    field = forms.ChoiceField(label=gettext_lazy("Field"))
    value = forms.CharField(label=gettext_lazy("What it really is"), max_length=400)
    ticket = forms.CharField(label=gettext_lazy("Seen while working on"), max_length=30, required=False)

    def __init__(self, *args: Any, item: ConfigurationItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Definitions()
        self.item = item
        names = [
            ("name", _("Name")),
            *((c, row.name) for c, row in known.of(item.ci_class_id).items() if not row.formula),
        ]
        self.fields["field"].choices = names  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The value must fit its field."""
        cleaned = super().clean() or {}
        name = cleaned.get("field")
        if name and "value" in cleaned:
            given = {name: cleaned["value"]}
            facts, errors = Reader().facts(given, class_code=self.item.ci_class_id, complete=False)
            if errors:
                self.add_error("value", errors[name])
            cleaned["seen"] = facts.get(name)
        return cleaned


class ProposeView(CmdbView):
    """A proposal that the configuration manager decides."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask what is wrong."""
        item = find_item(request.user, pk)
        form = ProposeForm(item=item, initial={"ticket": request.GET.get("ticket", "")[:30]})
        return render(request, "cmdb/propose.html", {"item": item, "form": form})

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Let it wait with what discovery saw."""
        item = find_item(request.user, pk)
        form = ProposeForm(request.POST, item=item)
        if not form.is_valid():
            return render(request, "cmdb/propose.html", {"item": item, "form": form}, status=422)
        said = form.cleaned_data
        propose(item=item, name=said["field"], seen=said["seen"], ticket=said["ticket"].strip(), by=request.user)
        messages.success(request, _("The configuration manager will look at it."))
        return redirect("cmdb:item", pk)


class ExportView(CmdbView):
    """The list as a file that can be read in again: as it is, or as it was known at a moment."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """CSV, or Excel with ``format=xlsx``."""
        keep_out(request.user, request.user.may(Permission.EXPORT))
        params = request.GET.copy()
        kind = (params.pop("format", ["csv"]) or ["csv"])[-1]
        what = (params.pop("what", [""]) or [""])[-1]
        listing = ItemList(params, request.user)
        heading, rows = relations_of(listing) if what == "relations" else table_of(listing)
        if listing.errors:
            return render(request, "cmdb/list.html", listing.context(), status=400)
        kind, what = "xlsx" if kind == "xlsx" else "csv", "relations" if what == "relations" else "items"
        content = excel_bytes(heading, rows) if kind == "xlsx" else csv_text(heading, rows)
        response = HttpResponse(content, content_type=TYPES[kind])
        response["Content-Disposition"] = f'attachment; filename="{what}.{kind}"'
        return response


class ImportForm(GroundForm):
    """A file, what to do with it, and on what ground it changes what is controlled of items in use."""

    items = forms.FileField(label=gettext_lazy("Configuration items (CSV or Excel)"))
    relations = forms.FileField(label=gettext_lazy("Relations (CSV or Excel)"), required=False)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=40,
        required=False,
        validators=[source_name],
        help_text=gettext_lazy("Whose word the file is, as sources are ranked. Empty: import."),
    )
    columns = forms.CharField(
        label=gettext_lazy("Columns with other names"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("One a line: heading = field. “heading = -” leaves a column out."),
    )
    mapping = forms.CharField(label=gettext_lazy("Mapping"), required=False, widget=forms.Select)
    keep_as = forms.CharField(
        label=gettext_lazy("Keep the mapping as"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("It is offered again for a file with the same columns."),
    )
    keep_shared = forms.BooleanField(label=gettext_lazy("Share the mapping"), required=False)
    good_rows = forms.BooleanField(label=gettext_lazy("Write the good rows, leave out the others"), required=False)

    field_order = ("items", "relations", "source", "mapping", "columns", "keep_as", "keep_shared")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["since"]
        own = ItemMapping.objects.usable_by(kwargs["user"]).values_list("name", flat=True)
        names = [*shipped(), *dict.fromkeys(own)]
        self.fields["mapping"].widget.choices = [("", _("None")), *((name, name) for name in names)]
        self._ask([name.removeprefix(DATES) for name in self.data if name.startswith(DATES)])

    def _ask(self, headings: Iterable[str]) -> None:
        """A choice for each column of dates that reads in more than one way."""
        for heading in headings:
            label = _("Dates in “%(column)s”") % {"column": heading}
            choices = [("", _("Choose")), *DateReading.choices]
            self.fields[DATES + heading] = forms.ChoiceField(label=label, choices=choices, required=False)

    def ask_for_dates(self, columns: Iterable[DateColumn]) -> None:
        """Let the form ask how these columns read."""
        open_ = [column.heading for column in columns if column.used is None]
        self._ask(open_)
        for heading in open_:
            self.add_error(DATES + heading, _("More than one reading fits; nothing is written before one is chosen."))

    def clean_keep_as(self) -> str:
        """Shipped ones keep their names."""
        name = str(self.cleaned_data["keep_as"]).strip()
        if name in shipped():
            raise ValidationError(_("A shipped mapping is called so."))
        return name

    def offer(self, kept: ItemMapping) -> None:
        """Choose what was kept for such a file."""
        self.data = {**self.data.dict(), "mapping": kept.name}  # type: ignore[attr-defined]  # a QueryDict
        text = _("“%(name)s” was kept for a file with these columns; it is chosen now.")
        self.add_error("mapping", text % {"name": kept.name})

    def dates(self) -> dict[str, str]:
        """The readings that were chosen, by heading."""
        said = self.cleaned_data.items()
        return {name.removeprefix(DATES): reading for name, reading in said if name.startswith(DATES) and reading}

    def clean_since(self) -> None:
        """A file is so from now on."""

    def clean_columns(self) -> dict[str, str | None]:
        """Each line says what a column is; the last = counts, headings may contain others."""
        found: dict[str, str | None] = {}
        for line in self.cleaned_data["columns"].replace("＝", "=").splitlines():
            heading, sign, name = (part.strip() for part in line.rpartition("="))
            if line.strip() and not (sign and heading and name):
                raise ValidationError(_("“%(line)s” does not say what a column is.") % {"line": line.strip()[:60]})
            if line.strip():
                found[heading] = None if name == "-" else name
        return found

    def ask_for(self, lost: list[str]) -> None:
        """Let the form say which columns wait for a decision."""
        if lost:
            typed = self.data.get("columns", "").rstrip()
            lines = [*([typed] if typed else []), *(f"{heading} = " for heading in lost)]
            self.data = {**self.data.dict(), "columns": "\n".join(lines)}  # type: ignore[attr-defined]  # a QueryDict

    def ground(self, user: User) -> Ground:
        """What was said about why."""
        said = self.cleaned_data
        source = said["source"] or "import"
        return Ground(user, said["change"].strip(), said.get("correction", False), said["reason"].strip(), source)

    def clean(self) -> dict[str, Any]:
        """Not too large: the command takes larger files."""
        cleaned = super().clean() or {}
        for name in ("items", "relations"):
            if cleaned.get(name) and cleaned[name].size > LARGEST_FILE:
                self.add_error(name, _("At most 20 MB here; the command import_items takes larger files."))
        return cleaned


class ImportView(ManagedView):
    """Reading files in: checked first, written then; earlier imports can be taken back."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the form and earlier imports."""
        return self._draw(request, ImportForm(user=request.user))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Check, and write when asked to; the bad rows are named either way."""
        form = ImportForm(request.POST, request.FILES, user=request.user)
        report: Report | None = None
        if form.is_valid():
            said = form.cleaned_data
            try:
                importer = self._importer(request, form)
                relations = read_table(said["relations"], said["relations"].name) if said["relations"] else ()
                report = importer.run(read_table(said["items"], said["items"].name), relations)
                self._after(request, form, importer)
            except ImportRefused as error:
                report = error.report
                self._ask(request, form, error)
            except TableError as error:
                form.add_error("items", str(error))
        return self._draw(request, form, report=report, status=422 if form.errors else 200)

    def _importer(self, request: SignedInRequest, form: ImportForm) -> Importer:
        """What is typed goes before what the mapping says. Raises ImportRefused."""
        said = form.cleaned_data
        mapping, dates = read_mapping(said["mapping"], request.user) if said["mapping"] else ({}, {})
        items = mapping.get("items", Reading())
        return Importer(
            by=request.user,
            mapping={**mapping, "items": Reading({**items.columns, **said["columns"]}, items.values)},
            dates={**dates, **form.dates()},
            ground=form.ground(request.user),
            good_rows=said["good_rows"],
            dry_run="write" not in request.POST,
            name=said["items"].name,
        )

    @staticmethod
    def _after(request: SignedInRequest, form: ImportForm, importer: Importer) -> None:
        """Say that it is read in; keep the mapping where asked to."""
        name, shared = form.cleaned_data["keep_as"], form.cleaned_data["keep_shared"]
        if name:
            said: dict[str, Any] = {"headings": importer.headings, "dates": importer.dates}
            said["items"] = importer.mapping["items"]
            keep_mapping(name=name, shared=shared, owner=request.user, **said)
            messages.success(request, _("The mapping is kept."))
        if not importer.dry_run:
            messages.success(request, _("The file is read in."))

    @staticmethod
    def _ask(request: SignedInRequest, form: ImportForm, error: ImportRefused) -> None:
        """What stands against it, with what is to be decided; a mapping kept for such a file is chosen."""
        form.add_error("columns" if error.lost else None, str(error))
        undecided = [column for column in error.report.dates if column.used is None] if error.report else []
        kept = kept_for(error.headings, request.user) if error.lost or undecided else None
        if kept and not form.cleaned_data.get("mapping"):
            form.offer(kept)
        else:
            form.ask_for(error.lost)
            form.ask_for_dates(undecided)

    @staticmethod
    def _draw(
        request: SignedInRequest, form: ImportForm, *, report: Report | None = None, status: int = 200
    ) -> HttpResponse:
        context = {
            "form": form,
            "report": report,
            "bad": report.bad[:SHOWN] if report else [],
            "counts": report.counts() if report else {},
            "dates": [column for column in report.dates if column.fits[0].example] if report else [],
            "mappings": ItemMapping.objects.filter(owner=request.user),
            "runs": ItemImport.objects.select_related("by")[:20],
        }
        return render(request, "cmdb/import.html", context, status=status)


class RemoveMappingView(ManagedView):
    """A mapping of one's own is kept no longer."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Remove it."""
        if not ItemMapping.objects.filter(pk=pk, owner=request.user).delete()[0]:
            raise Http404
        messages.success(request, _("The mapping is removed."))
        return redirect("cmdb:import")


class UndoImportView(ManagedView):
    """Taking back a whole import."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Take it back, or say why not."""
        run = ItemImport.objects.filter(pk=pk, undone_at=None).first()
        if run is None:
            raise Http404
        reason = undo_import(run=run, by=request.user)
        if reason:
            messages.error(request, reason)
        else:
            messages.success(request, _("The import is taken back."))
        return redirect("cmdb:import")
