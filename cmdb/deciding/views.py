"""Pages of what discovery, audits and people saw otherwise: the list, and each decision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.http import SignedInRequest
from cmdb.authority import may_correct, may_edit
from cmdb.deciding.doubts import doubts_about
from cmdb.deciding.filters import SORTS, WAITING, DifferenceFilter
from cmdb.deciding.forms import OTHER, form_for
from cmdb.deciding.lines import choices_of, lines_of, seen_values
from cmdb.deciding.services import (
    Unread,
    decide,
    digest_of,
    identify,
    leave_out,
    may_take_back,
    take_back,
)
from cmdb.deciding.things import RELATED, find_difference
from cmdb.definitions import Definitions
from cmdb.models import Difference, Sighting
from cmdb.transfer.discovery import Answer
from cmdb.views.classes import ManagedView
from cmdb.views.items import CmdbView, attempt, keep_out
from itsm.web.filtering import filled
from itsm.web.paging import Page, PagingError, capped_count, page_of, parse_ordering
from itsm.web.widgets import PlainChoiceField


class DifferencesView(CmdbView):
    """What waits for a decision, or was decided."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show a page of it."""
        keep_out(request.user, may_edit(request.user))
        params = filled(request.GET)
        params.setdefault("decided", "false")
        narrowed = DifferenceFilter(params, queryset=Difference.objects.all(), request=request)
        errors = self._errors(narrowed)
        found: QuerySet[Difference] = Difference.objects.filter(WAITING) if errors else narrowed.qs
        page = self._page(found.select_related(*RELATED), params, errors)
        count, capped = capped_count(found)
        context = {
            "lines": lines_of(page.rows, request.user),
            "decided": params["decided"] == "true",
            "count": f"{count:,}+" if capped else f"{count:,}",
            "form": _filter_form(params),
            "active": self._active(params),
            "errors": errors,
            "previous_url": self._address(params, page.previous),
            "next_url": self._address(params, page.next),
            "query": request.GET.urlencode(),
            "may_decide": may_correct(request.user),
        }
        return render(request, "cmdb/deciding/list.html", context, status=400 if errors else 200)

    @staticmethod
    def _page(found: QuerySet[Difference], params: QueryDict, errors: list[dict[str, str]]) -> Page[Difference]:
        ordering = parse_ordering("-decided_at" if params["decided"] == "true" else "-found_at", SORTS)
        try:
            return page_of(found, ordering, cursor=params.get("cursor", ""))
        except PagingError as error:
            errors.append({"label": _("Page"), "message": str(error), "remove_url": reverse("cmdb:differences")})
            return page_of(found, ordering)

    @staticmethod
    def _errors(narrowed: DifferenceFilter) -> list[dict[str, str]]:
        url = reverse("cmdb:differences")
        labels = {name: str(row.label) for name, row in narrowed.base_filters.items()}
        return [
            {"label": labels.get(name, name), "message": str(texts[0]), "remove_url": url}
            for name, texts in narrowed.errors.items()
        ]

    @staticmethod
    def _active(params: QueryDict) -> list[dict[str, str]]:
        item = params.get("item", "")
        left = params.copy()
        for name in ("item", "cursor"):
            left.pop(name, None)
        return [{"label": _("Item"), "value": item, "remove_url": f"?{left.urlencode()}"}] if item else []

    @staticmethod
    def _address(params: QueryDict, cursor: str | None) -> str:
        query = params.copy()
        query["cursor"] = cursor or ""
        return f"?{query.urlencode()}" if cursor else ""


def _filter_form(params: QueryDict) -> forms.Form:
    """The filters above the list. One query."""
    sources = Sighting.objects.order_by("source").values_list("source", flat=True).distinct()
    chosen: dict[str, list[tuple[Any, Any]]] = {
        "decided": [("false", pgettext("differences", "Waiting")), ("true", pgettext("differences", "Decided"))],
        "what": [("", _("Everything")), *Difference.What.choices],
        "source": [("", _("Every source")), *((name, _source(name)) for name in sources)],
    }
    form = forms.Form(params)
    for name, choices in chosen.items():
        label = str(DifferenceFilter.base_filters[name].label)
        form.fields[name] = PlainChoiceField(label=label, choices=choices, required=False)
    return form


def _source(name: str) -> str:
    return {"people": _("People"), "audit": _("Audits")}.get(name, name)


class DecideView(ManagedView):
    """One difference: decided on a ground, or how it was decided."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show what was seen beside what is recorded, and what can be decided."""
        return _draw(request, find_difference(pk))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Decide; what is refused is said, and what was typed is kept."""
        row = find_difference(pk)
        choices = choices_of(row, Definitions()) if row.what in Difference.THINGS else []
        form = form_for(row, request.user, choices, request.POST)
        if form.is_valid() and (answer := _decided(request, row, form)):
            _tell(request, row, answer)
            return redirect(_list_of(request))
        return _draw(request, find_difference(pk), form, status=422)


def _decided(request: SignedInRequest, row: Difference, form: Any) -> Any:
    """What came of the press; None with the reason in the form."""
    said, stamp = request.POST, form.stamp(request.user)
    shown: dict[str, Any] = {"difference": row, "stamp": stamp, "digest": said.get("digest", "")}
    if "undo" in said:
        return attempt(form, lambda: take_back(difference=row, stamp=stamp))
    if row.what not in Difference.THINGS:
        return attempt(form, lambda: decide(taken="take" in said, **shown) or True)
    if "out" in said:
        return attempt(form, lambda: leave_out(**shown) or True)
    item, retired = form.item(request.user), form.means_retired()
    if item is None:
        return None
    agreed = form.agreed(item)
    try:
        return attempt(form, lambda: identify(item=item, retired=retired, agreed=agreed, **shown))
    except Unread as error:
        form.tell_unread(error)
        return None


def _tell(request: SignedInRequest, row: Difference, answer: Any) -> None:
    if isinstance(answer, Difference):
        messages.success(request, _("It waits again."))
        return
    messages.success(request, _said(find_difference(row.pk)))
    if isinstance(answer, Answer):
        known = Definitions()
        if answer.taken:
            names = ", ".join(known.label(name) for name in answer.taken)
            messages.info(request, _("Taken over at once: %(names)s.") % {"names": names})
        if answer.waiting:
            names = ", ".join(known.label(name) for name in answer.waiting)
            messages.info(request, _("What differs waits for a decision: %(names)s.") % {"names": names})
        for name, texts in answer.errors.items():
            messages.warning(request, f"{known.label(name)}: {texts[0]}")


def _said(row: Difference) -> str:
    """What was decided, and how to take it back."""
    label = Definitions().label(row.field) if row.field else str(row.sighting)
    about = " · ".join(filter(None, [row.item.identifier if row.item else "", label]))
    names = {"about": about, "decision": row.get_decision_display()}
    if may_take_back(row):
        return _("%(about)s: %(decision)s. It can be taken back in the list of what is decided.") % names
    return _("%(about)s: %(decision)s.") % names


def _list_of(request: SignedInRequest) -> str:
    """The list as it was left."""
    query = request.GET.urlencode()
    return reverse("cmdb:differences") + (f"?{query}" if query else "")


def _draw(request: SignedInRequest, row: Difference, form: Any = None, status: int = 200) -> HttpResponse:
    known = Definitions()
    thing = row.what in Difference.THINGS
    choices = choices_of(row, known) if thing and not row.decision else []
    [line] = lines_of([row], request.user)
    context = {
        "row": row,
        "line": line,
        "form": form or form_for(row, request.user, choices),
        "back_url": _list_of(request),
        "digest": digest_of(row),
        "choices": choices,
        "other": OTHER,
        "values": seen_values(row, known) if thing else [],
        "table": _table(row, choices, known) if thing else [],
        "may_take_back": may_take_back(row),
        "doubts": []
        if thing or row.decision or not row.item
        else doubts_about(row.item, {row.field: row.seen_value}, known),
    }
    return render(request, f"cmdb/deciding/{_template(row)}.html", context, status=status)


def _template(row: Difference) -> str:
    if row.decision:
        return "decided"
    return "thing" if row.what in Difference.THINGS else row.what


def _table(row: Difference, choices: Any, known: Definitions) -> list[dict[str, Any]]:
    """A line for each seen value: what it is, and what each offered item says."""
    return [
        {"label": label, "seen": value, "cells": [(one.item.identifier, one.cells[name]) for one in choices]}
        for name, label, value in seen_values(row, known)
    ]
