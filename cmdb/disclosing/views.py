"""Pages on which customers see their own items, and shared ones that were released to them; nothing else (ORG-03)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from accounts.views import shell_of
from cmdb import pages
from cmdb.definitions import Definitions, as_called
from cmdb.disclosing.facts import Disclosure
from cmdb.disclosing.past import history_for
from cmdb.services import items_at
from cmdb.versioning.moments import Moment
from cmdb.views.items import find_item, moment_of
from itsm.web.paging import Column, PagingError, page_of, parse_ordering

SORTS = {"identifier": (Column("identifier"),)}
#: So many recorded edits of an item are told.
LINES = 20
RELATED = ("ci_class", "status", "business_system")


class OwnItemsView(SignedInView):
    """The items that one's organisation sees. Staff have the whole list."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show a page of them, those with the words that were asked for, now or at any moment."""
        if request.user.may(Permission.CMDB_VIEW):
            return redirect("cmdb:list")
        words, moment = request.GET.get("q", "").strip()[:200], moment_of(request)
        seen: Any = items_at(moment, request.user).exclude(status="retired")
        found = seen.matching(words, request.user, None if moment.is_now else moment.stood_at)
        rows = found.select_related(*RELATED)
        ordering = parse_ordering("identifier", SORTS)
        try:
            page = page_of(rows, ordering, cursor=request.GET.get("cursor", ""))
        except PagingError:
            page = page_of(rows, ordering)
        context: dict[str, Any] = {
            "shell": shell_of(request),
            "moment": moment,
            "rows": [self._line(row, request, moment) for row in as_called(page.rows, moment)],
            "count": found.count(),
            "words": words,
            "hidden": [("q", words)] if words else [],
            "all_url": f"{reverse('cmdb:own')}{moment.address()}",
            "next_url": self._url(words, moment, page.next),
            "previous_url": self._url(words, moment, page.previous),
        }
        return render(request, "cmdb/disclosing/list.html", context)

    @staticmethod
    def _url(words: str, moment: Moment, cursor: str | None) -> str:
        asked: dict[str, Any] = {"q": words, **moment.query(), "cursor": cursor}
        return f"{reverse('cmdb:own')}?{urlencode(asked)}" if cursor else ""

    @staticmethod
    def _line(row: Any, request: SignedInRequest, moment: Moment) -> dict[str, Any]:
        key = row.pk if moment.is_now else row.item_id
        return {
            "item": row,
            "url": f"{reverse('cmdb:own_item', args=[key])}{moment.address()}",
            "tone": pages.TONES.get(row.status_id, "neutral"),
            "released": row.organisation_id != request.user.organisation_id,
        }


class OwnItemView(SignedInView):
    """One of them: what may be read of it, what of theirs it hangs together with, what happened to it."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it, now or at any moment. Raises Http404 for every other."""
        if request.user.may(Permission.CMDB_VIEW):
            return redirect("cmdb:item", pk)
        item, moment = find_item(request.user, pk), moment_of(request)
        known = Definitions(moment.defined_at)
        row = pages.item_at(pk, request.user, moment, known)
        if row is not None:
            row.attributes = Disclosure(request.user).of(row.attributes)
        context = {
            "shell": shell_of(request),
            "item": item,
            "row": row,
            "moment": moment,
            "at": moment.address(),
            "tone": pages.TONES.get(row.status_id, "neutral") if row else "neutral",
            "released": item.organisation_id != request.user.organisation_id,
            "sections": pages.facts_of(row, known) if row else [],
            "kin": pages.relations_of(pk, request.user, moment, known) if row else [],
            "lines": history_for(item, request.user, moment)[:LINES],
            "report_text": _("%(item)s is affected: ") % {"item": item.identifier},
        }
        return render(request, "cmdb/disclosing/item.html", context)
