"""Calendar links: making, finding by their secret, what they show, revoking (CHG-05)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.access.epochs import digest_of_secret
from accounts.models import SupportGroup, User
from changes.codes import ChangeType
from changes.models import STILL, Change
from changes.schedule.calendar import CalendarForm, changes_between
from changes.schedule.freezes import freezes_between
from changes.schedule.ical import Entry, calendar_text
from changes.schedule.models import CalendarFeed
from changes.states import States
from cmdb.models import BusinessSystem
from itsm.moments import portal_day

#: How far back and ahead a feed reaches.
BACK, AHEAD = timedelta(days=60), timedelta(days=366)
NOTED_EVERY = timedelta(minutes=1)
#: So many links that stand a person may have, and so often a minute each is answered.
MOST, A_MINUTE = 20, 30
NARROWED: dict[str, Any] = {
    "group": SupportGroup.objects.all(),
    "system": BusinessSystem.objects.all(),
    "type": ChangeType.objects.all(),
}
KEPT = tuple(NARROWED)
#: Before it is approved it may still move.
TENTATIVE = (States.DRAFT, States.SUBMITTED, States.ACCEPTED, States.ASSESSED, States.APPROVING)


class FeedForm(forms.Form):
    """What a new link is called, and which filters it keeps."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Where it is read, for example: my phone."))
    query = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, owner: User, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.owner = owner

    def clean_query(self) -> str:
        """Only filters that the calendar knows."""
        given = QueryDict(self.cleaned_data["query"].lstrip("?"))
        kept = QueryDict(mutable=True)
        kept.update({name: given[name][:80] for name in KEPT if given.get(name)})
        return kept.urlencode()[:300]

    def clean(self) -> dict[str, Any]:
        """Nobody collects links without end."""
        if CalendarFeed.objects.filter(owner=self.owner, revoked_at=None).count() >= MOST:
            raise forms.ValidationError(_("You have too many links already: revoke one first."))
        return super().clean() or {}


def key_hash(key: str) -> str:
    """Keyed hash of a secret: a stolen table alone opens no feed. After a restore none of before does."""
    return digest_of_secret("calendar", key)


def make_feed(*, form: FeedForm, now: datetime) -> tuple[CalendarFeed, str]:
    """Store a link from a valid form; return it with its secret, which cannot be shown again."""
    key = secrets.token_urlsafe(32)
    said = {"name": form.cleaned_data["name"], "query": form.cleaned_data["query"]}
    feed = CalendarFeed.objects.create(owner=form.owner, key_hash=key_hash(key), created_at=now, **said)
    return feed, key


def find_feed(key: str, now: datetime) -> CalendarFeed | None:
    """The link with this secret, unless it was revoked or its owner may see the calendar no more."""
    found = CalendarFeed.objects.filter(key_hash=key_hash(key), revoked_at=None).first()
    if found is None:
        return None
    found.owner = User.objects.with_access().get(pk=found.owner_id)
    if not found.owner.is_active or not found.owner.is_agent:
        return None
    if found.seen_at is None or now - found.seen_at > NOTED_EVERY:
        CalendarFeed.objects.filter(pk=found.pk).update(seen_at=now)
    return found


def with_filters(feeds: Iterable[CalendarFeed]) -> list[tuple[CalendarFeed, list[str]]]:
    """Each link with the names of what it is narrowed by. Three queries for any number."""
    rows, asked = list(feeds), {name: set[str]() for name in KEPT}
    given = [QueryDict(feed.query) for feed in rows]
    for query in given:
        for name in KEPT:
            asked[name].add(query.get(name, ""))
    names = {name: {row.code: str(row) for row in NARROWED[name].filter(code__in=asked[name])} for name in KEPT}
    return [
        (feed, [names[name].get(query[name], query[name]) for name in KEPT if query.get(name)])
        for feed, query in zip(rows, given, strict=True)
    ]


def revoke_feed(*, feed: CalendarFeed, now: datetime) -> None:
    """End the link. Idempotent."""
    CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=now)


def feed_text(feed: CalendarFeed, now: datetime, site: str) -> str:
    """The feed as its owner may see it: window, state, system and effect, nothing internal. ``site``: its address.

    All that lies between ``BACK`` and ``AHEAD``: a calendar program cannot turn pages.
    """
    form = CalendarForm(QueryDict(feed.query).dict(), user=feed.owner, today=portal_day(now))
    start, until = now - BACK, now + AHEAD
    changes = changes_between(feed.owner, start, until, now, form.conditions())
    return calendar_text(feed.name, [*(_entry(*one, site) for one in changes), *_freezes(start, until, now, site)])


def _entry(change: Change, start: datetime, end: datetime, site: str) -> Entry:
    state = str(change.state_label)
    return Entry(
        uid=f"{change.number}@changes",
        stamp=change.updated_at,
        start=start,
        end=max(end, start + STILL),
        summary=f"{change.number} {change.summary} ({state})",
        description=change.effect,
        location=str(change.business_system or ""),
        url=f"{site}{change.get_absolute_url()}",
        status="TENTATIVE" if change.state in TENTATIVE else "CONFIRMED",
        sequence=change.version,
        category=str(change.change_type),
    )


def _freezes(start: datetime, until: datetime, now: datetime, site: str) -> Iterator[Entry]:
    for one in freezes_between(start, until):
        key = f"{one.rule.code}-{one.starts_at:%Y%m%d%H%M}"
        name = ": ".join([gettext("Freeze"), one.rule.name])
        yield Entry(uid=f"{key}@freezes", stamp=now, start=one.starts_at, end=one.ends_at, summary=name)
