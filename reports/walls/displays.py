"""Links of wall displays: making, finding by their secret, revoking."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.access.epochs import digest_of_secret
from accounts.models import SupportGroup, User
from reports.models import WallDisplay
from sla.boards import may_see_board

#: How often it is noted that a screen asked.
NOTED_EVERY = timedelta(minutes=1)


class DisplayForm(forms.ModelForm):
    """What a new display shows."""

    turn_seconds = forms.IntegerField(label=_("Turns every (seconds)"), min_value=5, max_value=300, initial=20)

    class Meta:
        model = WallDisplay
        fields = ["name", "groups", "turn_seconds"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["groups"].queryset = SupportGroup.objects.filter(active=True)  # type: ignore[attr-defined]
        self.fields["groups"].widget.attrs["data-select"] = ""
        self.fields["groups"].help_text = _("None: of all groups.")


def key_hash(key: str) -> str:
    """Keyed hash of a secret: a stolen table alone opens no display. After a restore none of before does."""
    return digest_of_secret("wall", key)


def make_display(*, form: DisplayForm, owner: User, now: datetime) -> tuple[WallDisplay, str]:
    """Store a display from a valid form; return it with its secret, which cannot be shown again."""
    key = secrets.token_urlsafe(24)
    display = form.save(commit=False)
    display.owner, display.created_at, display.key_hash = owner, now, key_hash(key)
    display.save()
    form.save_m2m()
    return display, key


def find_display(key: str, now: datetime) -> WallDisplay | None:
    """The display with this secret, unless it was revoked or its owner may see no boards any more."""
    found = WallDisplay.objects.filter(key_hash=key_hash(key), revoked_at=None).first()
    if found is None:
        return None
    found.owner = User.objects.with_access().get(pk=found.owner_id)
    if not found.owner.is_active or not may_see_board(found.owner):
        return None
    if found.seen_at is None or now - found.seen_at > NOTED_EVERY:
        WallDisplay.objects.filter(pk=found.pk).update(seen_at=now)
    return found


def revoke_display(*, display: WallDisplay, now: datetime) -> None:
    """End its link. Idempotent."""
    WallDisplay.objects.filter(pk=display.pk, revoked_at=None).update(revoked_at=now)
