"""Nothing that was given out before a restore opens anything after it, and a new sort of link cannot forget that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import signing
from django.db import models
from django.http import Http404
from django.test import RequestFactory

from accounts.access.tokens import create_token, find_token, revoke_token
from changes.models import CalendarFeed
from changes.schedule.feeds import FeedForm, find_feed, make_feed, revoke_feed
from itsm.run.restarting import end_what_was_signed
from reports.walls.displays import DisplayForm, find_display, make_display, revoke_display
from tests.factories import World, register_incident
from tickets import clock
from tickets.actions import perform
from tickets.views.bulk import _read
from tickets.views.undoing import entries_of, undo_address

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-02", "SEC-03")]
ROOT = Path(__file__).parents[2]

ASSIGNED = {"group": "host", "assignee": "engineer"}
#: Models of secrets that open something for whoever has them.
BEARERS = {"accounts.ApiToken.secret_hash", "changes.CalendarFeed.key_hash", "reports.WallDisplay.key_hash"}
#: Other columns whose names look like a secret's, and why they may outlive a restore.
NO_SECRETS = {
    "approvals.ApprovalRound.digest": "of what is asked",
    "approvals.Decision.digest": "of what was decided",
    "notifications.AnswerLink.nonce": "the address is made from it and the epoch",
    "notifications.Endpoint.secret": "signs what goes out, opens nothing here",
    "reports.Sending.digest": "of the file",
    "sla.CalendarVersion.content_hash": "of what the version says",
    "sla.PolicyVersion.content_hash": "of what the version says",
    "cmdb.AuditPhoto.sha256": "of the file",
    "tickets.Attachment.sha256": "of the file",
}
#: Where something is signed or digested with a key, and how what was given out before a restore ends.
SIGNERS = {
    "accounts/access/epochs.py": "covers the epoch",
    "accounts/access/tokens.py": "tokens are revoked by a restore, unless somebody wants them kept",
    "changes/proof/pack.py": "opens nothing: it shows that an archive was made here, also after a restore",
    "itsm/sealing.py": "rests in the database and is never given out",
    "notifications/channels/posting.py": "what goes out is signed with the receiver's secret",
    "notifications/links.py": "covers the epoch",
    "tickets/views/bulk.py": "covers the epoch",
    "tickets/views/undoing.py": "covers the epoch",
}
SIGNING = {"signing", "hmac", "salted_hmac", "Signer", "TimestampSigner", "PasswordResetTokenGenerator"}
LOOKS_SECRET = re.compile(r"hash|digest|nonce|secret|token|sha\d|_key$")


def own_models() -> list[type[models.Model]]:
    """Models of the portal's own apps."""
    return [
        model for model in apps.get_models() if Path(apps.get_app_config(model._meta.app_label).path).parent == ROOT
    ]


def test_every_column_that_looks_like_a_secret_is_known() -> None:
    texts = (models.CharField, models.TextField, models.BinaryField)
    found = {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.local_fields
        if isinstance(field, texts) and LOOKS_SECRET.search(field.name)
    }
    assert found == BEARERS | NO_SECRETS.keys()


def test_every_bearer_says_so_and_can_be_revoked() -> None:
    names = {model._meta.label: getattr(model, "bearer_digest", "") for model in own_models()}
    said = {f"{label}.{name}" for label, name in names.items() if name}
    assert said == BEARERS
    for name in BEARERS:
        assert apps.get_model(name.rpartition(".")[0])._meta.get_field("revoked_at").null


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in sorted(
        {apps.get_app_config(model._meta.app_label).path for model in own_models()} | {str(ROOT / "itsm")}
    ):
        for path in sorted(Path(app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


@pytest.mark.slow
def test_every_place_that_signs_is_known() -> None:
    found = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and SIGNING & {one.name for one in node.names}:
                found.add(name)
    assert found == SIGNERS.keys()


def test_what_says_that_it_covers_the_epoch_names_it() -> None:
    for name, how in SIGNERS.items():
        text = (ROOT / name).read_text()
        assert how != "covers the epoch" or re.search(r"\b(current_epoch|salt_of)\(", text), name


@pytest.mark.parametrize("keep_tokens", [False, True])
def test_a_revoked_calendar_link_does_not_live_again(world: World, keep_tokens: bool) -> None:
    now = clock.now()
    form = FeedForm({"name": "phone"}, owner=world.manager)
    assert form.is_valid()
    feed, key = make_feed(form=form, now=now)
    assert find_feed(key, now) is not None
    revoke_feed(feed=feed, now=now)
    CalendarFeed.objects.update(revoked_at=None)  # as the backup had it

    end_what_was_signed(keep_tokens=keep_tokens)

    assert find_feed(key, now) is None
    assert not CalendarFeed.objects.filter(revoked_at=None).exists()  # its owner sees that it ended
    CalendarFeed.objects.update(revoked_at=None)
    assert find_feed(key, now) is None  # its digest is of before
    _feed, fresh = make_feed(form=form, now=now)
    assert find_feed(fresh, now) is not None


@pytest.mark.parametrize("keep_tokens", [False, True])
def test_a_revoked_wall_does_not_live_again(world: World, keep_tokens: bool) -> None:
    now = clock.now()
    form = DisplayForm({"name": "Room 1", "turn_seconds": "20"})
    assert form.is_valid()
    display, key = make_display(form=form, owner=world.manager, now=now)
    assert find_display(key, now) is not None
    revoke_display(display=display, now=now)
    again = type(display).objects.filter(pk=display.pk)
    again.update(revoked_at=None)  # as the backup had it

    end_what_was_signed(keep_tokens=keep_tokens)

    assert find_display(key, now) is None
    assert again.get().revoked_at is not None
    again.update(revoked_at=None)
    assert find_display(key, now) is None


def test_kept_tokens_are_all_that_goes_on(world: World) -> None:
    token, text = create_token(user=world.desk, name="t")
    assert end_what_was_signed(keep_tokens=True) == 1
    assert find_token(text) is not None
    revoke_token(token)
    assert end_what_was_signed() == 0


def test_addresses_that_undo_and_results_of_bulk_actions_end(world: World) -> None:
    entry = perform(register_incident(world.desk), "assign", user=world.desk, data=ASSIGNED)
    request: Any = RequestFactory().get("/")
    request.user = world.desk
    address = undo_address(request, entry)
    assert address
    request = RequestFactory().get(address)
    assert entries_of(request) == [entry.pk]
    text = signing.dumps([1], salt="bulk:")
    assert _read(text) == [1]

    end_what_was_signed()

    with pytest.raises(Http404):
        entries_of(request)
    with pytest.raises(Http404):
        _read(text)
