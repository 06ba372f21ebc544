"""Pages of imports: reading files in, following a large one while it works, deciding what was open, taking back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, is_htmx
from cmdb.jobs.services import queue_job
from cmdb.models import ItemImport, ItemJob, ItemMapping
from cmdb.transfer.forms import ImportForm, typed_again
from cmdb.transfer.mappings import kept_for
from cmdb.transfer.outcome import ImportRefused
from cmdb.transfer.requests import outcome_of, read_in, shown_dates
from cmdb.transfer.tables import TableError
from cmdb.transfer.undoing import undo_import
from cmdb.views.classes import ManagedView

SHOWN = 100
#: Bytes of both files; more is done by the worker, and the page shows how far it is.
AT_ONCE = 400_000


def report_of(outcome: dict[str, Any]) -> dict[str, Any]:
    """What the pages show of what became of an import."""
    counts = outcome.get("counts", {})
    if not counts.get("rows") and not counts.get("relations"):
        return {}
    return {"counts": counts, "bad": outcome.get("bad", [])[:SHOWN], "dates": shown_dates(outcome)}


class ImportView(ManagedView):
    """Reading files in: checked first, written then; earlier imports can be taken back."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the form and earlier imports."""
        return self._draw(request, ImportForm(user=request.user))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Check, and write when asked to; the bad rows are named either way. What is large goes to the worker."""
        form = ImportForm(request.POST, request.FILES, user=request.user)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        items, relations = form.cleaned_data["items"], form.cleaned_data["relations"]
        asked = form.asked(items.name, write="write" in request.POST)
        if items.size + (relations.size if relations else 0) > AT_ONCE:
            what: dict[str, Any] = {"kind": ItemJob.Kind.IMPORT, "name": items.name, "asked": asked.kept()}
            return redirect("cmdb:job", queue_job(by=request.user, files=(items, relations), **what).pk)
        try:
            outcome = outcome_of(read_in(asked, request.user, items, relations))
        except (ImportRefused, TableError) as error:
            outcome = outcome_of(getattr(error, "report", None), error)
            tell_refusal(request, form, outcome)
        else:
            if asked.keep_as:
                messages.success(request, _("The mapping is kept."))
            if not asked.dry_run:
                messages.success(request, _("The file is read in."))
        return self._draw(request, form, outcome, 422 if form.errors else 200)

    @staticmethod
    def _draw(
        request: SignedInRequest, form: ImportForm, outcome: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        context = {
            "form": form,
            "report": report_of(outcome or {}),
            "mappings": ItemMapping.objects.filter(owner=request.user),
            "jobs": ItemJob.objects.filter(kind=ItemJob.Kind.IMPORT).select_related("by").at_work()[:20],
            "runs": ItemImport.objects.select_related("by")[:20],
        }
        return render(request, "cmdb/import.html", context, status=status)


def tell_refusal(request: SignedInRequest, form: ImportForm, outcome: dict[str, Any]) -> None:
    """What stands against it, with what is to be decided; a mapping kept for such a file is chosen."""
    undecided = outcome["undecided"]
    place = "columns" if undecided["columns"] else "relation_columns" if undecided["relation_columns"] else None
    form.add_error(place, outcome["message"])
    kept = kept_for(outcome["headings"], request.user) if undecided["columns"] or undecided["dates"] else None
    if kept and not form.cleaned_data.get("mapping"):
        form.offer(kept)
    else:
        form.ask(undecided)


class JobView(ManagedView):
    """One job: how far it is, what became of it; what was open in an import is decided here, with the same file."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it; only its state for the page that asks again."""
        job = self._find(pk)
        if is_htmx(request):
            answer = render(request, "cmdb/jobs/_state.html", {"job": job})
            if not job.is_at_work:
                answer["HX-Refresh"] = "true"  # what became of it stands on the whole page
            return answer
        return self._draw(request, job, self._form(request, job))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Try again with what was decided."""
        job = self._find(pk)
        if not self._may_go_on(job):
            messages.error(request, _("The file is not kept any more; choose it again."))
            return redirect("cmdb:import")
        form = ImportForm(request.POST, user=request.user, kept=True)
        if not form.is_valid():
            return self._draw(request, job, form, 422)
        asked = form.asked(job.name, write="write" in request.POST)
        made = ItemJob(kind=job.kind, name=job.name, by=request.user, asked=asked.kept(), language=job.language)
        made.items, made.relations = job.items.name, job.relations.name
        made.save(force_insert=True)
        ItemJob.objects.filter(pk=job.pk).update(items="", relations="")  # the files go along
        return redirect("cmdb:job", made.pk)

    @staticmethod
    def _find(pk: int) -> ItemJob:
        found = ItemJob.objects.select_related("by", "run", "withdrawal").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def _may_go_on(job: ItemJob) -> bool:
        return job.kind == ItemJob.Kind.IMPORT and not job.is_at_work and bool(job.items) and job.run is None

    def _form(self, request: SignedInRequest, job: ItemJob) -> ImportForm | None:
        """The form with what was chosen, asking for what is open; None when nothing is to be decided."""
        if not self._may_go_on(job):
            return None
        if not job.outcome.get("message"):
            return ImportForm(initial=typed_again(job.asked), user=request.user, kept=True)
        form = ImportForm(typed_again(job.asked), user=request.user, kept=True)
        if form.is_valid():
            tell_refusal(request, form, job.outcome)
        return form

    @staticmethod
    def _draw(request: SignedInRequest, job: ItemJob, form: ImportForm | None, status: int = 200) -> HttpResponse:
        report = report_of(job.outcome) if job.kind == ItemJob.Kind.IMPORT else {}
        context = {"job": job, "form": form, "report": report, "plan": {} if report else job.counts}
        return render(request, "cmdb/jobs/job.html", context, status=status)


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
