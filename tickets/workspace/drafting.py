"""What people typed into forms of tickets and did not send (TKT-07, UX-02): where it is kept, and drawing it again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from accounts.models import User
from drafts.models import FORM_ID, MARK, NOT_WORDS, Draft
from drafts.services import DraftError, choose_draft, drop_draft, save_draft
from tickets.lifecycle import Action, Kind
from tickets.models import Ticket

COMPOSER = "composer"


#: Header with the ids of drawn forms whose drafts the asking tab holds (static/js/drafts.js).
OWN = "X-Drafts"
FORM_IDS = re.compile(r"[\w-]{8,64}")


def new_form_id() -> str:
    """The id of one drawn form: of its draft, and of its being sent (``itsm.web.once``)."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Slot:
    """Where a form keeps what is typed; what the templates of ``components/draft_*.html`` take.

    ``form`` names it, ``form_id`` is this drawing of it: every tab has a draft of its own. ``at``: when what the form
    shows was typed; None for an untouched form. ``url``: where to go on with it. ``others``: drafts of the same form.
    """

    form: str
    title: str
    url: str
    at: datetime | None = None
    form_id: str = field(default_factory=new_form_id)
    others: int = 0

    @property
    def key(self) -> str:
        """The key of its draft."""
        return f"{self.form}{MARK}{self.form_id}" if self.form_id else self.form

    @property
    def seen(self) -> str:
        """The draft's time as the browser hands it back: who else wrote since is not overwritten."""
        return self.at.isoformat() if self.at else ""

    def sent(self, request: HttpRequest) -> Slot:
        """The slot of the form that was posted, which says which drawing it is."""
        form_id = request.POST.get(FORM_ID, "")
        return replace(self, form_id=form_id if FORM_IDS.fullmatch(form_id) else "")


def wanted_drafts(request: HttpRequest) -> list[str]:
    """Which of several drafts of a form this tab is to see: the one in the address, then those it holds itself."""
    return [*request.GET.getlist("draft"), *request.headers.get(OWN, "").split()][:40]


def action_slot(ticket: Ticket, action: Action) -> Slot:
    """The slot of an action's form."""
    url = reverse("tickets:action", args=[ticket.number, action.name])
    return Slot(f"{ticket.number}/{action.name}", f"{ticket.number} {action.label}", url)


def property_slot(ticket: Ticket, action: Action, field: str) -> Slot:
    """The slot of one property that is edited in place; what is left in it shows on the ticket."""
    slot = action_slot(ticket, action)
    return replace(slot, form=f"{slot.form}.{field}", url=f"{slot.url}?field={field}")


def bulk_slot(action: Action) -> Slot:
    """The slot of an action that is asked once for many tickets."""
    title = _("%(action)s, many tickets") % {"action": action.label}
    return Slot(f"bulk/{action.name}", title, reverse("tickets:queue"))


def composer_slot(ticket: Ticket) -> Slot:
    """The slot of the box below the timeline."""
    return Slot(f"{ticket.number}/{COMPOSER}", _("Message on %(number)s") % {"number": ticket.number}, url_of(ticket))


def open_composer(ticket: Ticket, user: User) -> Slot:
    """The slot of the box below the timeline, with what was typed there already."""
    slot = composer_slot(ticket)
    draft, _others = choose_draft(user=user, form=slot.form)
    return replace(slot, form_id=draft.form_id) if draft else slot


def url_of(ticket: Ticket) -> str:
    """The ticket's page, at its composer."""
    return f"{ticket.get_absolute_url()}#composer"


def register_slot(kind: Kind, action: Action, prefilled: QueryDict) -> Slot:
    """The slot of registering. A form that its address filled in has one of its own: two callers, two drafts."""
    url = reverse("tickets:register", args=[kind.slug])
    given = prefilled.copy()
    given.pop("draft", None)
    if not given:
        return Slot(f"{kind.slug}/new", str(action.label), url)
    query = given.urlencode()
    mark = blake2b(query.encode(), digest_size=6).hexdigest()
    return Slot(f"{kind.slug}/new-{mark}", str(action.label), f"{url}?{query}"[:500])


def restore(form: forms.BaseForm, request: SignedInRequest, slot: Slot) -> tuple[Slot, Draft | None]:
    """Let ``form`` show what the person typed before; return the slot with its time, and the draft."""
    draft, others = choose_draft(user=request.user, form=slot.form, wanted=wanted_drafts(request))
    return replace(fill(form, draft, slot), others=others), draft


def fill(form: forms.BaseForm, draft: Draft | None, slot: Slot) -> Slot:
    """Let ``form`` show ``draft``, if there is one."""
    if draft is None:
        return slot
    form.initial.update(draft.initial_for(form))
    return replace(slot, at=draft.updated_at, form_id=draft.form_id or slot.form_id)


def keep(user: User, slot: Slot, sent: QueryDict, now: datetime) -> Slot:
    """Keep a form that was sent and refused; return its slot."""
    fields = {
        name: [str(value) for value in values]
        for name, values in sent.lists()
        if not name.startswith("take-") and name not in ("csrfmiddlewaretoken", "then", FORM_ID)
    }
    try:
        draft = save_draft(user=user, key=slot.key, title=slot.title, url=slot.url, fields=fields, now=now)
    except DraftError:  # what was typed still stands in the form
        return slot
    return replace(slot, at=draft.updated_at) if draft else slot


def forget(user: User, slot: Slot) -> None:
    """The form was sent and accepted. What another tab holds of the same form stays."""
    drop_draft(user=user, key=slot.key)
    drop_draft(user=user, key=slot.form)


def has_draft(ticket: Ticket, user: User, name: str) -> bool:
    """Whether ``user`` typed something into the form ``name`` of ``ticket`` and did not send it."""
    return Draft.objects.of(user).in_form(f"{ticket.number}/{name}").exists()


def as_posted(draft: Draft) -> QueryDict:
    """The draft as a browser would have posted it, without what is not the form's."""
    data = QueryDict(mutable=True)
    for name, values in draft.fields.items():
        if name != "version":
            data.setlist(name, values)
    return data


@dataclass(frozen=True)
class Kept:
    """A draft whose form is not offered any more, as ``drafts/_kept.html`` shows it."""

    draft: Draft
    title: str
    lines: list[dict[str, str]]


def drafts_of(ticket: Ticket, user: User) -> dict[str, list[Draft]]:
    """The person's drafts on ``ticket`` by the name of the form, the newest first. One query."""
    found: dict[str, list[Draft]] = {}
    for draft in Draft.objects.of(user).about(ticket.number).order_by("-updated_at", "-pk"):
        found.setdefault(draft.name, []).append(draft)
    return found


def mark_waiting(buttons: Iterable[dict[str, Any]], drafts: Container[str]) -> list[dict[str, Any]]:
    """``buttons`` of actions, each saying whether a draft waits behind it."""
    return [{**button, "waits": button["name"] in drafts} for button in buttons]


def kept_texts(ticket: Ticket, user: User, drafts: dict[str, list[Draft]], offered: Iterable[str]) -> list[Kept]:
    """Drafts of actions that are not possible or not allowed any more, to be copied or discarded."""
    actions = set(offered)
    left = {name for name in drafts if name.partition(".")[0] not in actions} - {COMPOSER}
    return [kept_text(ticket, user, draft) for name in sorted(left) for draft in drafts[name]]


def find_kept(ticket: Ticket, user: User, action: Action) -> Kept | None:
    """What was typed into the form of ``action``, when that is kept."""
    draft = Draft.objects.of(user).in_form(action_slot(ticket, action).form).first()
    return kept_text(ticket, user, draft) if draft else None


def kept_text(ticket: Ticket, user: User, draft: Draft) -> Kept:
    """A draft with the names of its fields, as a person reads it."""
    action = ticket.kind_info.actions.get(draft.name.partition(".")[0])
    asked = action.form_class(ticket=ticket, user=user).fields if action else {}
    lines = [
        {
            "label": str(asked[name].label or name) if name in asked else name,
            "value": readable(asked.get(name), values),
        }
        for name, values in draft.fields.items()
        if name not in NOT_WORDS and any(value.strip() for value in values)
    ]
    return Kept(draft, str(action.label) if action else draft.title, lines)


def readable(field: forms.Field | None, values: list[str]) -> str:
    """Typed values as the person read them: choices by their names, rows too, as far as the field offers them."""
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        key = field.to_field_name or "pk"
        rows = field.queryset.filter(**{f"{key}__in": values}) if field.to_field_name else []
        names = {str(getattr(row, key)): field.label_from_instance(row) for row in rows}
    else:
        names = {str(value): str(label) for value, label in getattr(field, "choices", None) or ()}
    return ", ".join(names.get(value, value) for value in values)
