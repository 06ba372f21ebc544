"""Pages of audits: the campaigns over time, one campaign, the check of one item on a phone, codes to print."""

from __future__ import annotations

from typing import Any

import qrcode  # type: ignore[import-untyped]  # it has no annotations
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage  # type: ignore[import-untyped]  # as above

from accounts.http import SignedInRequest
from cmdb.audits.accuracy import by_class, by_field, overall
from cmdb.audits.forms import AuditForm, CheckForm, FoundForm, OnePhotoForm
from cmdb.audits.photos import PHOTOS, keep_photo, remove_photo
from cmdb.audits.services import AuditClosed, close_audit, note, open_audit, take_from_discovery
from cmdb.authority import may_correct, may_edit
from cmdb.definitions import Definitions
from cmdb.models import Audit, AuditCheck, AuditExtra, AuditPhoto
from cmdb.views.items import CmdbView, keep_out
from itsm.documents.pictures import secured, small_copy

MOST_CODES = 200
#: Pixels of the photos that pages show.
SMALL, LARGE = (480, 480), (1920, 1440)


class AuditsView(CmdbView):
    """All audits with what they found, the newest first: the accuracy over time."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        return self._draw(request, AuditForm(user=request.user))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Open one."""
        keep_out(request.user, may_correct(request.user))
        form = AuditForm(request.POST, user=request.user)
        if form.is_valid():
            said = form.cleaned_data
            wanted: dict[str, Any] = {"name": said["name"], "sample": said["sample"], "seed": form.seed_or_new()}
            try:
                audit = open_audit(params=form.params(), by=request.user, **wanted)
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                return redirect("cmdb:audit", audit.pk)
        return self._draw(request, form, status=422)

    @staticmethod
    def _draw(request: SignedInRequest, form: AuditForm, status: int = 200) -> HttpResponse:
        audits = Audit.objects.prefetch_related("checks")[:100]
        rows = [
            {"audit": audit, "share": overall(audit.checks.all()), "of": len(audit.checks.all())} for audit in audits
        ]
        context = {"rows": rows, "form": form, "may_manage": may_correct(request.user)}
        return render(request, "cmdb/audits/list.html", context, status=status)


def find_audit(pk: int) -> Audit:
    """The audit. Raises Http404."""
    found = Audit.objects.select_related("opened_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def find_extra(pk: int, extra: int) -> AuditExtra:
    """Something of the audit that is not recorded. Raises Http404."""
    found = AuditExtra.objects.filter(audit=pk, pk=extra).first()
    if found is None:
        raise Http404
    return found


class AuditView(CmdbView):
    """One audit: what is to do, what was found, how accurate the record is."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        return self._draw(request, find_audit(pk), FoundForm())

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Close it, take over what discovery saw, or note something that is not recorded."""
        audit = find_audit(pk)
        keep_out(request.user, may_edit(request.user))
        if "close" in request.POST or "discovery" in request.POST:
            keep_out(request.user, may_correct(request.user))
            return self._step(request, audit)
        form = FoundForm(request.POST, request.FILES, instance=AuditExtra(audit=audit, by=request.user))
        if audit.closed_at or not form.is_valid():
            return self._draw(request, audit, form, status=422)
        try:
            self._keep(request, form)
        except AuditClosed as error:
            form.add_error(None, str(error))
            return self._draw(request, audit, form, status=409)
        messages.success(request, _("Noted."))
        return redirect("cmdb:audit", pk)

    @staticmethod
    @transaction.atomic
    def _keep(request: SignedInRequest, form: FoundForm) -> None:
        """What stands there, with its photo. Raises AuditClosed."""
        made = form.save()
        if photo := form.cleaned_data["photo"]:
            keep_photo(of=made, file=photo, by=request.user, now=timezone.now())

    @staticmethod
    def _step(request: SignedInRequest, audit: Audit) -> HttpResponse:
        try:
            if "close" in request.POST:
                close_audit(audit=audit)
            else:
                count = take_from_discovery(audit=audit, by=request.user)
                messages.success(request, _("%(count)d items were checked by what discovery saw.") % {"count": count})
        except AuditClosed as error:
            messages.error(request, str(error))
        return redirect("cmdb:audit", audit.pk)

    @staticmethod
    def _draw(request: SignedInRequest, audit: Audit, form: FoundForm, status: int = 200) -> HttpResponse:
        checks = list(audit.checks.select_related("item__ci_class", "by"))
        known = Definitions()
        context = {
            "audit": audit,
            "checks": checks,
            "open": [check for check in checks if not check.result],
            "wrong": [check for check in checks if check.result in ("differs", "missing")],
            "share": overall(checks),
            "classes": by_class(checks, {code: row.name for code, row in known.classes.items()}),
            "fields": by_field(checks, known.label),
            "extras": audit.extras.select_related("by").prefetch_related(PHOTOS),
            "photo_form": OnePhotoForm(),
            "form": form,
            "may_edit": may_edit(request.user) and not audit.closed_at,
            "may_manage": may_correct(request.user) and not audit.closed_at,
        }
        return render(request, "cmdb/audits/audit.html", context, status=status)


class CheckView(CmdbView):
    """One item, checked on the spot: by its printed code, or from the list of what is open."""

    def get(self, request: SignedInRequest, pk: int, check: int) -> HttpResponse:
        """Show what is recorded."""
        row = self._find(request, pk, check)
        return self._draw(request, row, CheckForm(check=row))

    def post(self, request: SignedInRequest, pk: int, check: int) -> HttpResponse:
        """Keep what was found, and go on with the next."""
        row = self._find(request, pk, check)
        form = CheckForm(request.POST, request.FILES, check=row)
        if not form.is_valid():
            return self._draw(request, row, form, status=422)
        try:
            self._keep(request, row, form.cleaned_data)
        except AuditClosed as error:
            form.add_error(None, str(error))
            return self._draw(request, row, form, status=409)
        except ValidationError as error:
            form.add_error("photo", error)
            return self._draw(request, row, form, status=422)
        rest = AuditCheck.objects.filter(audit=pk, result="").order_by("item__identifier")
        onward = rest.filter(item__identifier__gt=row.item.identifier).first() or rest.first()
        messages.success(request, _("%(item)s is checked.") % {"item": row.item.identifier})
        return redirect("cmdb:audit_check", pk, onward.pk) if onward else redirect("cmdb:audit", pk)

    @staticmethod
    @transaction.atomic
    def _keep(request: SignedInRequest, row: AuditCheck, said: dict[str, Any]) -> None:
        """What was found, with its photo. Raises AuditClosed, ValidationError."""
        note(check=row, result=said["result"], seen=said["seen"], text=said["note"], by=request.user)
        if said["photo"]:
            keep_photo(of=row, file=said["photo"], by=request.user, now=timezone.now())

    @staticmethod
    def _find(request: SignedInRequest, pk: int, check: int) -> AuditCheck:
        keep_out(request.user, may_edit(request.user))
        rows = AuditCheck.objects.select_related("audit", "item__ci_class", "item__status")
        found = rows.filter(audit=pk, pk=check).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def _draw(request: SignedInRequest, row: AuditCheck, form: CheckForm, status: int = 200) -> HttpResponse:
        context = {"check": row, "form": form, "photos": row.photos.select_related("by")}
        return render(request, "cmdb/audits/check.html", context, status=status)


def find_photo(pk: int, photo: int, **of: int) -> AuditPhoto:
    """The photo of a check (``audit_check``) or of something that is not recorded (``extra``). Raises Http404."""
    [(what, key)] = of.items()
    rows = AuditPhoto.objects.filter(**{f"{what}__audit": pk, what: key}, pk=photo)
    found = rows.select_related("audit_check", "extra").first()
    if found is None:
        raise Http404
    return found


def drawn_photo(photo: AuditPhoto, size: tuple[int, int]) -> HttpResponse:
    """The picture drawn anew, never the bytes that were sent. Raises Http404 when it cannot be drawn."""
    try:
        content = small_copy(photo.file, size)
    except (OSError, ValueError, SyntaxError) as error:
        raise Http404 from error
    response = HttpResponse(content, content_type="image/png")
    response.headers["Cache-Control"] = "private, max-age=86400"
    return secured(response)


class PhotoView(CmdbView):
    """A photo of a check; POST takes it away."""

    def get(self, request: SignedInRequest, pk: int, check: int, photo: int) -> HttpResponse:
        """Small, or with ``size=large`` as large as a screen."""
        return drawn_photo(find_photo(pk, photo, audit_check=check), size_of(request))

    def post(self, request: SignedInRequest, pk: int, check: int, photo: int) -> HttpResponse:
        """Only while the audit is open."""
        take_away(request, find_photo(pk, photo, audit_check=check))
        return redirect("cmdb:audit_check", pk, check)


class ExtraPhotosView(CmdbView):
    """Photos of something that is not recorded: POST adds one."""

    def post(self, request: SignedInRequest, pk: int, extra: int) -> HttpResponse:
        """Keep it, or say why not."""
        keep_out(request.user, may_edit(request.user))
        row = find_extra(pk, extra)
        form = OnePhotoForm(request.POST, request.FILES)
        try:
            if form.is_valid():
                keep_photo(of=row, file=form.cleaned_data["photo"], by=request.user, now=timezone.now())
        except AuditClosed as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error("photo", error)
        for texts in form.errors.values():
            messages.error(request, " ".join(map(str, texts)))
        return redirect("cmdb:audit", pk)


class ExtraPhotoView(CmdbView):
    """One of them; POST takes it away."""

    def get(self, request: SignedInRequest, pk: int, extra: int, photo: int) -> HttpResponse:
        """Small, or with ``size=large`` as large as a screen."""
        return drawn_photo(find_photo(pk, photo, extra=extra), size_of(request))

    def post(self, request: SignedInRequest, pk: int, extra: int, photo: int) -> HttpResponse:
        """Only while the audit is open."""
        take_away(request, find_photo(pk, photo, extra=extra))
        return redirect("cmdb:audit", pk)


def size_of(request: SignedInRequest) -> tuple[int, int]:
    """How large the address asks for a photo."""
    return LARGE if request.GET.get("size") == "large" else SMALL


def take_away(request: SignedInRequest, photo: AuditPhoto) -> None:
    """Remove a photo, or say why not. Raises PermissionDenied."""
    keep_out(request.user, may_edit(request.user))
    try:
        remove_photo(photo=photo)
    except AuditClosed as error:
        messages.error(request, str(error))


class CodesView(CmdbView):
    """The codes of an audit's items, to be printed and stuck on: each opens the check of its item."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Draw them."""
        audit = find_audit(pk)
        rows = [
            {"item": check.item, "code": code_of(request.build_absolute_uri(self._url(audit, check)))}
            for check in audit.checks.select_related("item")[:MOST_CODES]
        ]
        return render(request, "cmdb/audits/codes.html", {"audit": audit, "rows": rows})

    @staticmethod
    def _url(audit: Audit, check: AuditCheck) -> str:
        return reverse("cmdb:audit_check", args=[audit.pk, check.pk])


def code_of(address: str) -> str:
    """A QR code as SVG that stands in the page itself."""
    drawn = qrcode.make(address, image_factory=SvgPathImage, border=2).to_string(encoding="unicode")
    return mark_safe(drawn)  # noqa: S308 - drawn here, of squares only
