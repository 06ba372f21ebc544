"""Pages of exports: asking, following, cancelling, fetching the file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from exporting import services
from exporting.forms import ExportForm
from exporting.models import Export
from exporting.sources import SOURCES, RefusedList
from itsm.documents.sheets import TYPES, csv_lines
from tickets import clock

SHOWN = 50


class ExportingView(SignedInView):
    """Base: only for those who may export."""

    def dispatch(self, request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Refuse everybody else."""
        if request.user.is_authenticated and not request.user.may(Permission.EXPORT):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def find(self, pk: int) -> Export:
        """One of the own exports. Raises Http404."""
        return get_object_or_404(Export.objects.visible_to(self.request.user), pk=pk)


class ExportsView(ExportingView):
    """The own exports; a post asks for a new one."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        found = Export.objects.visible_to(request.user)[:SHOWN]
        return render(request, "exporting/list.html", {"exports": [shown(export) for export in found]})

    def post(self, request: SignedInRequest) -> HttpResponseBase:
        """Send the file at once when it is small, else begin a job."""
        form = ExportForm(request.POST, user=request.user)
        if not form.is_valid():
            return draw_form(request, form, 422)
        asked = form.cleaned_data
        try:
            export = services.plan_export(
                user=request.user,
                source=asked["source"],
                query=asked["query"],
                columns=asked["columns"],
                file_format=asked["format"],
                now=clock.now(),
            )
            if services.is_sent_at_once(export):
                return streamed(export)
            return redirect("exporting:detail", services.queue_export(export).pk)
        except RefusedList as refused:
            form.add_error("query", [text for texts in refused.errors.values() for text in texts])
            return draw_form(request, form, 422)
        except services.ExportBusyError as busy:
            messages.warning(request, services.message_busy())
            return redirect("exporting:detail", busy.export.pk)


class AskView(ExportingView):
    """The form: as what, which columns."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it for the list that ``source`` and ``query`` name; ``columns`` are ticked."""
        source = request.GET.get("source", "tickets")
        if source not in SOURCES:
            raise Http404
        if not SOURCES[source].allowed(request.user):
            raise PermissionDenied
        query = QueryDict(request.GET.get("query", ""))
        ticked = query.get("columns", "").split(",") if query.get("columns") else SOURCES[source].usual
        initial = {"source": source, "query": query.urlencode(), "format": "xlsx", "columns": ticked}
        return draw_form(request, ExportForm(initial=initial, user=request.user))


def draw_form(request: SignedInRequest, form: ExportForm, status: int = 200) -> HttpResponse:
    """The form as a page."""
    code = str(form["source"].value())
    context = {"form": form, "source": SOURCES.get(code, SOURCES["tickets"]), "limit": services.SENT_AT_ONCE}
    return render(request, "exporting/ask.html", context, status=status)


def streamed(export: Export) -> StreamingHttpResponse:
    """The file, row by row as it is read."""
    lines = csv_lines(services.sent_rows(export))
    headers = {"Content-Disposition": f'attachment; filename="{export.filename}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(lines, content_type=TYPES["csv"], headers=headers)


class ExportView(ExportingView):
    """One export: how far it is. The page asks again by itself until it is over."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it, or only its state for a page that asks again."""
        context = {"export": shown(self.find(pk))}
        part = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
        return render(request, "exporting/_state.html" if part else "exporting/detail.html", context)


class CancelView(ExportingView):
    """Stopping an export."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Stop it, unless it is over."""
        if services.cancel_export(self.find(pk)):
            messages.success(request, _("The export is cancelled."))
        return redirect("exporting:detail", pk)


class FileView(ExportingView):
    """The file of an export that is ready."""

    def get(self, request: SignedInRequest, pk: int) -> FileResponse:
        """Send it."""
        return sent_file(self.find(pk))


def sent_file(export: Export) -> FileResponse:
    """The complete file. Raises Http404 while it is not ready, and after it was removed."""
    if export.status != Export.State.READY:
        raise Http404
    try:
        file = services.opened(export.file)
    except FileNotFoundError:
        raise Http404 from None
    Export.objects.filter(pk=export.pk).update(downloaded_at=clock.now())
    return FileResponse(file, as_attachment=True, filename=export.filename, content_type=TYPES[export.format])


def shown(export: Export) -> dict[str, Any]:
    """What the pages show of an export."""
    tones = {"ready": "ok", "sent": "ok", "failed": "late", "queued": "info", "running": "info"}
    return {
        "pk": export.pk,
        "label": SOURCES[export.source].label if export.source in SOURCES else export.source,
        "format": export.get_format_display(),
        "state": export.get_status_display(),
        "code": export.status,
        "tone": tones.get(export.status, "neutral"),
        "at_work": export.is_at_work,
        "created_at": export.created_at,
        "rows_done": export.rows_done,
        "rows_total": export.rows_total,
        "percent": export.percent,
        "size": export.size,
        "query": export.query,
        "columns": len(export.columns),
        "filename": export.filename,
    }
