"""Pages of imports: reading files in, following a large one while it works, deciding what was open, taking back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, is_htmx
from cmdb.jobs.services import go_on, queue_job, run_job
from cmdb.models import ItemImport, ItemJob, ItemMapping
from cmdb.transfer.forms import ImportForm, typed_again
from cmdb.transfer.mappings import kept_for
from cmdb.transfer.outcome import ImportBusy
from cmdb.transfer.requests import shown_dates
from cmdb.transfer.undoing import REFUSALS, is_large, queue_undo, undo_import
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
    """Reading files in; what became of it stands on the page of its job. Earlier imports can be taken back."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the form and earlier imports."""
        return self._draw(request, ImportForm(user=request.user))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Check, and write when asked to; the files are kept until all is decided."""
        form = ImportForm(request.POST, request.FILES, user=request.user)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        items, relations = form.cleaned_data["items"], form.cleaned_data["relations"]
        asked = form.asked(items.name, write="write" in request.POST)
        what: dict[str, Any] = {"kind": ItemJob.Kind.IMPORT, "name": items.name, "asked": asked.kept()}
        return follow(request, queue_job(by=request.user, files=(items, relations), **what))

    @staticmethod
    def _draw(request: SignedInRequest, form: ImportForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "mappings": ItemMapping.objects.filter(owner=request.user),
            "jobs": ItemJob.objects.filter(kind__in=ItemJob.OF_IMPORTS).select_related("by").at_work()[:20],
            "runs": ItemImport.objects.select_related("by", "undone_by")[:20],
        }
        return render(request, "cmdb/import.html", context, status=status)


def follow(request: SignedInRequest, job: ItemJob) -> HttpResponse:
    """To the page of the job: a small one is done at once, a large one by the worker while the page shows how far."""
    if sum(file.size for file in (job.items, job.relations) if file) <= AT_ONCE and run_job(job.pk, timezone.now()):
        job.refresh_from_db()
        if job.state == ItemJob.State.DONE and job.asked["keep_as"]:
            messages.success(request, _("The mapping is kept."))
        if job.run:
            messages.success(request, _("The file is read in."))
    return redirect("cmdb:job", job.pk)


def tell_refusal(request: SignedInRequest, form: ImportForm, outcome: dict[str, Any]) -> None:
    """What stands against it, with what is to be decided; a mapping kept for such a file is chosen."""
    undecided = outcome["undecided"]
    form.add_error(outcome.get("file") or None, outcome["message"])
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
        form = ImportForm(request.POST, request.FILES, user=request.user, kept=job)
        if not form.is_valid():
            return self._draw(request, job, form, 422)
        new = [form.cleaned_data[name] for name in ("items", "relations")]
        name = new[0].name if new[0] else job.name
        asked = form.asked(name, write="write" in request.POST)
        return follow(request, go_on(job, by=request.user, name=name, asked=asked.kept(), files=(new[0], new[1])))

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
            return ImportForm(initial=typed_again(job.asked), user=request.user, kept=job)
        form = ImportForm(typed_again(job.asked), user=request.user, kept=job)
        if form.is_valid():
            tell_refusal(request, form, job.outcome)
        return form

    @staticmethod
    def _draw(request: SignedInRequest, job: ItemJob, form: ImportForm | None, status: int = 200) -> HttpResponse:
        reads = job.kind == ItemJob.Kind.IMPORT
        report, plan = (report_of(job.outcome), {}) if reads else ({}, job.counts)
        context = {"job": job, "form": form, "report": report, "plan": plan}
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
        """Take it back, or say why not; what is large is the worker's, and its page shows how far it is."""
        run = ItemImport.objects.filter(pk=pk).first()
        if run is None:
            raise Http404
        try:
            if is_large(run):
                return redirect("cmdb:job", queue_undo(run=run, by=request.user).pk)
            undo_import(run=run, by=request.user)
        except (*REFUSALS, ImportBusy) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The import is taken back."))
        return redirect("cmdb:import")
