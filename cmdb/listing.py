"""The list of items as its address describes it: moment, class, filters, attributes, columns, order, page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb import pages
from cmdb.asking.forms import RelatedForm, kept, related_forms
from cmdb.asking.narrowing import CONDITIONS, narrow, saved_query, with_query
from cmdb.definitions import Definitions, as_called
from cmdb.filters import OF_TODAY, PREFIX
from cmdb.models import ItemQuery
from cmdb.services import items_at
from cmdb.values import shown
from cmdb.versioning.moments import NOW, Moment, MomentError, read_moment, settled
from itsm.web.filtering import filled
from itsm.web.paging import Column, PagingError, capped_count, page_of, parse_ordering
from itsm.web.widgets import PlainChoiceField

SORTS = {"identifier": (Column("identifier"),), "name": (Column("name"),)}
RELATED = ("ci_class", "status", "business_system", "organisation", "default_group")
SHOWN = ("ip_address", "location")
MOST_COLUMNS = 6
RETIRED = "retired"


class ItemList:
    """What an address shows of the items that ``user`` sees; ``errors`` says what in it cannot be understood."""

    def __init__(self, params: QueryDict, user: User) -> None:
        self.user = user
        self.errors: list[dict[str, str]] = []
        self.url = reverse("cmdb:list")
        self.query, params = self._asked(filled(params, keep=[RETIRED]))
        #: Without a word about it retired items are left out: that is a word of the address like any other, and told.
        self.leaves_out_retired = not params.get("status") and RETIRED not in params
        self.params = params.copy()
        if self.leaves_out_retired:
            self.params[RETIRED] = "false"

    def _asked(self, params: QueryDict) -> tuple[ItemQuery | None, QueryDict]:
        """The saved query that ``params`` name, and what it says with what they say besides."""
        number = params.get("query", "")
        if not number:
            return None, params
        try:
            query = saved_query(number, self.user)
        except ValidationError as error:
            self.errors.append({"label": _("Saved query"), "message": error.messages[0], "remove_url": self.url})
            return None, params
        return query, with_query(query, params)

    @cached_property
    def moment(self) -> Moment:
        """The moment asked about; now when it cannot be understood."""
        try:
            return read_moment(self.params)
        except MomentError as error:
            self.moment = NOW  # the complaint names the parameter, as it is defined now
            self._complain(error.parameter, str(error))
            return NOW

    @cached_property
    def definitions(self) -> Definitions:
        """Classes and attributes as they were defined at the moment."""
        return Definitions(self.moment.defined_at)

    def settle(self) -> None:
        """Ask about a moment of which everything is known, instead of now: so asked again it is the same list.

        Lists by what is told of today only stay as they are.
        """
        if self.moment.is_now and not any(name.rpartition(".")[2] in OF_TODAY for name in self.params):
            self.moment = Moment(known_at=settled())

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """What fits, in no order."""
        found: QuerySet[Any] = items_at(self.moment, self.user)
        try:
            return narrow(found, self.params, self.user, self.moment)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                self._complain(name, texts[0])
            return found.none()

    @cached_property
    def columns(self) -> list[str]:
        """Attributes shown as columns: those chosen, or the usual ones."""
        known = self.definitions.everywhere()
        asked = [code for code in self.params.getlist("col") if code in known][:MOST_COLUMNS]
        of_class = self.definitions.of(self.chosen_class) if self.chosen_class else known
        return asked or [code for code in SHOWN if code in of_class]

    @property
    def chosen_class(self) -> str:
        """The class asked for, when there is one."""
        code = self.params.get("ci_class", "")
        return code if code in self.definitions.classes else ""

    def address(self, **changes: Any) -> str:
        """The same list with ``changes``; the page begins anew."""
        query = self.params.copy()
        query.pop("cursor", None)
        if self.leaves_out_retired:
            query.pop(RETIRED, None)
        for name, value in changes.items():
            query.pop(name, None)
            if value not in (None, ""):
                query[name] = value
        return f"{self.url}?{query.urlencode()}" if query else self.url

    def context(self) -> dict[str, Any]:
        """What ``cmdb/list.html`` draws. Queries do not grow with the rows."""
        rows = self.rows
        page = self._page(rows)
        count, capped = capped_count(rows)
        attributes = self.definitions.everywhere()
        return {
            "moment": self.moment,
            "tree": pages.class_tree(self.user, self.moment, self.definitions, self.chosen_class, self.address),
            "all_url": self.address(ci_class=None),
            "form": self._form(),
            "hidden": self._hidden(),
            "active": self._active(),
            "errors": self.errors,
            "head": [attributes[code].name for code in self.columns],
            "lines": [self._line(row) for row in as_called(page.rows, self.moment, self.definitions)],
            "count": f"{count:,}+" if capped else f"{count:,}",
            "previous_url": self.address() + self._cursor(page.previous),
            "next_url": self.address() + self._cursor(page.next),
            "has_previous": page.previous is not None,
            "has_next": page.next is not None,
            "attributes": self._attributes(),
            "class_name": self.definitions.classes[self.chosen_class].name if self.chosen_class else "",
            "query": self.query,
            "related": related_forms(self.params, self.definitions),
            "keep_url": f"{reverse('cmdb:queries')}?{urlencode({'params': kept(self.params)})}",
            "compare_url": f"{reverse('cmdb:compare_lists')}?{kept(self.params)}",
        }

    def _cursor(self, cursor: str | None) -> str:
        if not cursor:
            return ""
        query = QueryDict(mutable=True)
        query["cursor"] = cursor
        return ("&" if "?" in self.address() else "?") + query.urlencode()

    def _page(self, rows: QuerySet[Any]) -> Any:
        ordering = parse_ordering("identifier", SORTS)
        try:
            ordering = parse_ordering(self.params.get("sort") or "identifier", SORTS)
            return page_of(rows.select_related(*RELATED), ordering, cursor=self.params.get("cursor", ""))
        except PagingError as error:
            self._complain("sort" if error.parameter == "ordering" else error.parameter, str(error))
            return page_of(rows.select_related(*RELATED), parse_ordering("identifier", SORTS))

    def _line(self, row: Any) -> dict[str, Any]:
        key = row.pk if self.moment.is_now else row.item_id
        attributes = self.definitions.of(row.ci_class_id, retired=True)
        cells = [(self._label(code), shown(attributes.get(code), row.attributes.get(code))) for code in self.columns]
        return {
            "item": row,
            "url": pages.item_url(key, self.moment),
            "tone": pages.TONES.get(row.status_id, "neutral"),
            "cells": cells,
        }

    def _label(self, code: str) -> str:
        return self.definitions.everywhere()[code].name

    def _form(self) -> forms.Form:
        form = forms.Form(self.params)
        form.fields["q"] = forms.CharField(
            label=_("Words of the name, or the identifier"),
            required=False,
            widget=forms.TextInput({"placeholder": _("Identifier or name"), "type": "search"}),
        )
        labels = {"status": _("Status"), "business_system": _("Business system"), "organisation": _("Organisation")}
        for name, choices in pages.filter_choices(self.definitions).items():
            form.fields[name] = PlainChoiceField(
                label=labels[name], choices=[("", labels[name]), *choices], required=False
            )
        return form

    def _hidden(self) -> list[tuple[str, str]]:
        shown_fields = {"q", "status", "business_system", "organisation", "cursor"}
        if self.leaves_out_retired:
            shown_fields.add(RETIRED)
        kept = [(name, v) for name, values in self.params.lists() if name not in shown_fields for v in values]
        return [(name, value) for name, value in kept if value or name == RETIRED]

    def _active(self) -> list[dict[str, Any]]:
        attributes = self.definitions.everywhere()
        found: list[dict[str, Any]] = []
        if self.leaves_out_retired:
            every = self.address()
            every += f"{'&' if '?' in every else '?'}{RETIRED}="
            found.append({"label": _("Retired"), "value": _("left out"), "remove_url": every})
        for name, value in self.params.items():
            code = name.removeprefix(PREFIX)
            if name.startswith(PREFIX) and value and code in attributes:
                found.append(
                    {"label": attributes[code].name, "value": value, "remove_url": self.address(**{name: ""})}
                )
        return found + [self._relation_filter(prefix) for prefix in CONDITIONS if self.params.get(f"{prefix}how")]

    def _relation_filter(self, prefix: str) -> dict[str, Any]:
        """A condition about what items hang together with, as it is told above the list."""
        names = [name for name in self.params if name.startswith(prefix)]
        form = RelatedForm(self.params, prefix, self.definitions)
        how = dict(form.fields[f"{prefix}how"].choices).get(self.params[f"{prefix}how"], "")  # type: ignore[attr-defined]
        said = [str(self.params[name]) for name in names if name != f"{prefix}how" and self.params[name]]
        return {"label": how, "value": " · ".join(said), "remove_url": self.address(**dict.fromkeys(names, ""))}

    def _attributes(self) -> list[dict[str, Any]]:
        """What can be asked for: every attribute of the class, with what the address asks."""
        of_class = self.definitions.of(self.chosen_class) if self.chosen_class else self.definitions.everywhere()
        return [
            {
                "name": f"{PREFIX}{code}",
                "code": code,
                "label": row.name,
                "value": self.params.get(f"{PREFIX}{code}", ""),
                "column": code in self.columns,
            }
            for code, row in sorted(of_class.items(), key=lambda pair: (pair[1].group, pair[1].position))
        ]

    def _complain(self, name: str, message: str) -> None:
        label = self.definitions.label(name.removeprefix(PREFIX))
        self.errors.append({"label": label, "message": message, "remove_url": self.address(**{name: ""})})
