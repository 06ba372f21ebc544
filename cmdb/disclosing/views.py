"""Pages on which customers see their own items, and shared ones that were released to them; nothing else (ORG-03)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from accounts.views import shell_of
from cmdb import pages
from cmdb.definitions import Definitions
from cmdb.disclosing.facts import Disclosure
from cmdb.disclosing.past import history_for
from cmdb.models import ConfigurationItem
from cmdb.versioning.moments import NOW
from itsm.web.paging import Column, PagingError, page_of, parse_ordering

SORTS = {"identifier": (Column("identifier"),)}
#: So many recorded edits of an item are told.
LINES = 20
RELATED = ("ci_class", "status", "business_system")


class OwnItemsView(SignedInView):
    """The items that one's organisation sees. Staff have the whole list."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show a page of them, those with the words that were asked for."""
        if request.user.may(Permission.CMDB_VIEW):
            return redirect("cmdb:list")
        words = request.GET.get("q", "").strip()[:200]
        found = (
            ConfigurationItem.objects.visible_to(request.user).exclude(status="retired").matching(words, request.user)
        )
        rows = found.select_related(*RELATED)
        ordering = parse_ordering("identifier", SORTS)
        try:
            page = page_of(rows, ordering, cursor=request.GET.get("cursor", ""))
        except PagingError:
            page = page_of(rows, ordering)
        context: dict[str, Any] = {
            "shell": shell_of(request),
            "rows": [self._line(row, request) for row in page.rows],
            "count": found.count(),
            "words": words,
            "next_url": self._url(words, page.next),
            "previous_url": self._url(words, page.previous),
        }
        return render(request, "cmdb/disclosing/list.html", context)

    @staticmethod
    def _url(words: str, cursor: str | None) -> str:
        return f"{reverse('cmdb:own')}?{urlencode({'q': words, 'cursor': cursor})}" if cursor else ""

    @staticmethod
    def _line(row: ConfigurationItem, request: SignedInRequest) -> dict[str, Any]:
        tone = pages.TONES.get(row.status_id, "neutral")
        return {"item": row, "tone": tone, "released": row.organisation_id != request.user.organisation_id}


class OwnItemView(SignedInView):
    """One of them: what may be read of it, what of theirs it hangs together with, what happened to it."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it. Raises Http404 for every other."""
        if request.user.may(Permission.CMDB_VIEW):
            return redirect("cmdb:item", pk)
        visible = ConfigurationItem.objects.visible_to(request.user).select_related(*RELATED)
        item = visible.filter(pk=pk).first()
        if item is None:
            raise Http404
        item.attributes = Disclosure(request.user).of(item.attributes)
        kin = pages.relations_of(item.pk, request.user, NOW)
        context = {
            "shell": shell_of(request),
            "item": item,
            "tone": pages.TONES.get(item.status_id, "neutral"),
            "released": item.organisation_id != request.user.organisation_id,
            "sections": pages.facts_of(item, Definitions()),
            "kin": kin,
            "lines": history_for(item, request.user, NOW)[:LINES],
            "report_text": _("%(item)s is affected: ") % {"item": item.identifier},
        }
        return render(request, "cmdb/disclosing/item.html", context)
