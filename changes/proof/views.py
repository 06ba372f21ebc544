"""Printing and archiving a change: record, order for its items, proof pack and its check."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from changes.models import Change
from changes.proof.forms import order_of, ordering_of, record_of
from changes.proof.pack import MOST_BYTES, pack_of, verify
from changes.proof.papers import order_pdf, record_pdf
from itsm.documents.paper import TYPE as PDF
from itsm.documents.paper import printed
from tickets import clock


def find(request: SignedInRequest, number: str) -> Change:
    """The change, for those who see it and read internal notes. Raises PermissionDenied, Http404."""
    check_reads(request)
    change = Change.objects.visible_to(request.user).filter(number=number[:20]).first()
    if change is None:
        raise Http404
    return change


def check_reads(request: SignedInRequest) -> None:
    """Raise PermissionDenied for those who do not read internal notes."""
    if not request.user.may(Permission.INTERNAL):
        raise PermissionDenied


def _pdf(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=PDF, headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'})


class RecordView(SignedInView):
    """The change record (变更记录表) as one page for printing, signing and archiving (TKT-12)."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it; with ``format=pdf`` as a file."""
        change, now = find(request, number), clock.now()
        if request.GET.get("format") == "pdf":
            return _pdf(record_pdf(change, request.user, printed=printed(request.user, now)), change.number)
        context = {"change": change, "parts": record_of(change, request.user), "now": now}
        return render(request, "changes/proof/record.html", context)


class ItemsOrderView(SignedInView):
    """The configuration change order (配置变更单), the same way."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it; with ``format=pdf`` as a file."""
        change, now = find(request, number), clock.now()
        if request.GET.get("format") == "pdf":
            return _pdf(order_pdf(change, request.user, printed=printed(request.user, now)), f"{change.number}-items")
        context = {
            "change": change,
            "lines": order_of(change, request.user),
            "ordering": ordering_of(change),
            "now": now,
        }
        return render(request, "changes/proof/order.html", context)


class PackView(SignedInView):
    """The proof pack."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Send it as a file."""
        change = find(request, number)
        headers = {"Content-Disposition": f'attachment; filename="{change.number}-proof.zip"'}
        return HttpResponse(pack_of(change, request.user), content_type="application/zip", headers=headers)


class CheckForm(forms.Form):
    """The archive to check."""

    file = forms.FileField(label=_("Proof pack"), widget=forms.FileInput({"accept": ".zip"}))

    def clean_file(self) -> bytes:
        """Its bytes; a proof pack is never larger than what is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("This file is too large for a proof pack."))
        return file.read()


class CheckView(SignedInView):
    """Whether a proof pack is genuine."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Ask for it."""
        check_reads(request)
        return render(request, "changes/proof/check.html", {"form": CheckForm(label_suffix="")})

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Check it; nothing is kept."""
        check_reads(request)
        form = CheckForm(request.POST, request.FILES, label_suffix="")
        if not form.is_valid():
            return render(request, "changes/proof/check.html", {"form": form}, status=422)
        context = {"form": CheckForm(label_suffix=""), "found": verify(form.cleaned_data["file"])}
        return render(request, "changes/proof/check.html", context)
