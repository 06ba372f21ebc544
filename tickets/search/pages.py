"""The search page and the palette: what was typed, narrowed, and what it finds, with the words marked."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, SupportGroup, User
from accounts.permissions import Permission
from itsm.web.paging import Page, PagingError, page_of, parse_ordering
from itsm.web.widgets import PlainChoiceField
from tickets.lifecycle import Phase, kinds
from tickets.models import Ticket
from tickets.querysets import TicketQuerySet
from tickets.queues.filter_forms import label_of, priority_choices
from tickets.queues.filters import NEWEST_FIRST, SORTS, TicketFilter
from tickets.search.matching import matching
from tickets.search.results import Hit, TicketHit, items, people, ticket_hits
from tickets.search.words import MAX_LENGTH, parse
from tickets.workspace.pages import export_address, not_understood

TICKETS, PEOPLE, ITEMS = "tickets", "people", "items"
SHOWN = 25
#: What the palette shows of each.
FEW = 6
#: Numbers that the palette may be asked for again.
RECENT = 8
#: How many of people and items a page shows.
MANY = 50


class DateField(forms.CharField):
    """A day; the filter of the same name reads it as its first moment."""

    widget = forms.DateInput(attrs={"type": "date", "class": "form-control"})


class SearchForm(forms.Form):
    """What narrows a search; names as in ``TicketFilter``."""

    kind = PlainChoiceField(label=gettext_lazy("Kind"), required=False)
    phase = PlainChoiceField(label=gettext_lazy("Phase"), required=False)
    priority = PlainChoiceField(label=gettext_lazy("Priority"), required=False)
    group = PlainChoiceField(label=gettext_lazy("Group"), required=False)
    organisation = PlainChoiceField(label=gettext_lazy("Organisation"), required=False)
    created_after = DateField(label=gettext_lazy("Created from"), required=False)
    created_before = DateField(label=gettext_lazy("Created before"), required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        kwargs["auto_id"] = "search-%s"
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[Any, Any]]] = {
            "kind": [("", _("All kinds")), *((kind.code, kind.label) for kind in kinds())],
            "phase": [("", _("All phases")), *Phase.choices],
            "priority": priority_choices(),
        }
        if user.is_agent:
            groups, customers = SupportGroup.objects.visible_to(user), Organisation.objects.visible_to(user)
            choices["group"] = [("", _("All groups")), *((row.code, row.name) for row in groups)]
            choices["organisation"] = [("", _("All organisations")), *((row.code, row.name) for row in customers)]
        for name in ("kind", "phase", "priority", "group", "organisation"):
            if name in choices:
                self.fields[name].choices = choices[name]  # type: ignore[attr-defined]
            else:
                del self.fields[name]


class SearchPage:
    """What a person finds with the parameters of an address."""

    def __init__(self, request: HttpRequest, user: User) -> None:
        self.request, self.user, self.asked = request, user, request.GET
        self.url = reverse("tickets:search")
        self.text = self.asked.get("q", "").strip()[:MAX_LENGTH]
        self.query = parse(self.text)
        shown = self.asked.get("show", "")
        self.show = shown if user.is_agent and shown in (PEOPLE, ITEMS) else TICKETS
        self.form = SearchForm(user, {name: self.asked.get(name, "") for name in SearchForm.base_fields})

    def context(self) -> dict[str, Any]:
        """What ``search/search.html`` draws."""
        return {
            "text": self.text,
            "url": self.url,
            "show": self.show,
            "form": self.form,
            "tabs": self._tabs() if self.user.is_agent and self.query else [],
            "hits": self.hits,
            "errors": self.errors,
            "previous_url": self._turn(self.page.previous),
            "next_url": self._turn(self.page.next),
            "empty": self._empty(),
            "export_url": self._export_url(),
        }

    def _export_url(self) -> str:
        """Where everything that is found can be exported, for those who may; see ``exporting.sources``."""
        needs = {PEOPLE: Permission.PEOPLE_VIEW, ITEMS: Permission.CMDB_VIEW}.get(self.show, Permission.EXPORT)
        if not (self.hits and self.user.may(Permission.EXPORT) and self.user.may(needs)):
            return ""
        asked = {"q": self.text}
        if self.show == TICKETS:
            named = {name: self.asked[name] for name in self.form.fields if self.asked.get(name)}
            asked |= {**named, "view": "all", "ordering": NEWEST_FIRST}
        return export_address(self.show, urlencode(asked))

    @cached_property
    def hits(self) -> list[Any]:
        """What the chosen section shows."""
        if self.query is None:
            return []
        if self.show == PEOPLE:
            return self.people
        return self.items if self.show == ITEMS else ticket_hits(self.page.rows, self.query, self.user)

    @cached_property
    def people(self) -> list[Hit]:
        """People, with one more than is shown."""
        return people(self.text, self.query, self.user, MANY + 1) if self.query else []

    @cached_property
    def items(self) -> list[Hit]:
        """Configuration items, with one more than is shown."""
        return items(self.text, self.query, self.user, MANY + 1) if self.query else []

    @cached_property
    def page(self) -> Page[Ticket]:
        """The page of the cursor; a stale or foreign cursor gives the first one."""
        found, ordering = self._tickets().for_rows(), parse_ordering(NEWEST_FIRST, SORTS)
        try:
            return page_of(found, ordering, cursor=self.asked.get("cursor", ""), size=SHOWN)
        except PagingError:
            return page_of(found, ordering, size=SHOWN)

    @cached_property
    def narrowed(self) -> TicketFilter:
        """The filters, checked."""
        asked = QueryDict(mutable=True)
        asked.update({name: self.asked[name] for name in self.form.fields if name in self.asked})
        return TicketFilter(asked, queryset=Ticket.objects.visible_to(self.user), request=self.request)

    @cached_property
    def errors(self) -> list[dict[str, str]]:
        """What in the address cannot be understood, with the address without it."""
        wrong = {name: " ".join(map(str, texts)) for name, texts in self.narrowed.errors.items()}
        if self.asked.get("kind", "") not in ("", *(kind.code for kind in kinds())):
            wrong["kind"] = _("There is no such filter.")
        return [
            {
                "label": str(label_of(name)),
                "message": text,
                "remove_url": self._address(**self._asked_without(name, "cursor")),
            }
            for name, text in wrong.items()
        ]

    def _asked_without(self, *names: str) -> dict[str, Any]:
        return {name: value for name, value in self.asked.dict().items() if name not in names}

    def _tickets(self) -> TicketQuerySet:
        """What is found; nothing when something in the address is wrong."""
        if self.query is None or self.errors:
            return Ticket.objects.none()  # visible to nobody
        found = self.narrowed.qs
        if kind := self.asked.get("kind"):
            found = found.filter(kind=kind)
        return matching(found, self.text, self.user)

    def _address(self, **params: Any) -> str:
        query = QueryDict(mutable=True)
        query.update({key: value for key, value in {"q": self.text, **params}.items() if value})
        return f"{self.url}?{query.urlencode()}"

    def _turn(self, cursor: str | None) -> str:
        return self._address(**{**self.asked.dict(), "q": self.text, "cursor": cursor}) if cursor else ""

    def _tabs(self) -> list[dict[str, Any]]:
        counts = {
            TICKETS: f"{SHOWN}+" if self.page.next or self.page.previous else str(len(self.page.rows)),
            PEOPLE: f"{MANY}+" if len(self.people) > MANY else str(len(self.people)),
            ITEMS: f"{MANY}+" if len(self.items) > MANY else str(len(self.items)),
        }
        labels = {TICKETS: _("Tickets"), PEOPLE: _("People"), ITEMS: _("Configuration items")}
        return [
            {
                "label": label,
                "url": self._address(show="" if code == TICKETS else code),
                "count": counts[code],
                "active": code == self.show,
            }
            for code, label in labels.items()
        ]

    def _empty(self) -> dict[str, str]:
        """What stands where nothing is."""
        if not self.text:
            return {
                "title": _("Search everything"),
                "text": _("By number or its last digits, by words of any text, by people and configuration items."),
                "icon": "search",
            }
        if self.errors:
            return not_understood()
        narrowed = self.show == TICKETS and any(self.asked.get(name) for name in self.form.fields)
        return {
            "title": _("Nothing found for “%(text)s”") % {"text": self.text},
            "text": _("Every word must occur. Try fewer words, or one character less."),
            "icon": "search-off",
            "url": self._address() if narrowed else "",
        }


class Palette:
    """The few best hits for what is being typed; without words the tickets that were open last."""

    def __init__(self, user: User, params: QueryDict) -> None:
        self.user = user
        self.text = params.get("q", "").strip()[:MAX_LENGTH]
        self.query = parse(self.text)
        self.recent = params.get("recent", "").split(",")[:RECENT]

    def context(self) -> dict[str, Any]:
        """What ``search/_palette_hits.html`` draws."""
        if self.query is None:
            return {"tickets": [] if self.text else self._recent(), "recent": True}
        found = matching(Ticket.objects.visible_to(self.user), self.text, self.user).for_rows()
        rows = page_of(found, parse_ordering(NEWEST_FIRST, SORTS), size=FEW).rows
        rows = sorted(rows, key=lambda ticket: ticket.number != self.text.upper())
        agent = self.user.is_agent
        return {
            "tickets": ticket_hits(rows, self.query, self.user),
            "people": people(self.text, self.query, self.user, FEW) if agent else [],
            "items": items(self.text, self.query, self.user, FEW) if agent else [],
        }

    def _recent(self) -> list[TicketHit]:
        """Those of the named tickets that the person sees, in that order."""
        named = [number for number in self.recent if number.isascii() and number.isalnum()]
        if not named:
            return []
        found = {row.number: row for row in Ticket.objects.visible_to(self.user).for_rows().filter(number__in=named)}
        return [TicketHit.plain(found[number]) for number in dict.fromkeys(named) if number in found]
