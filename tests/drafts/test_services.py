"""What is kept of typed texts, for whom, how much and how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from drafts.models import Draft
from drafts.services import (
    MAX_BYTES,
    MAX_FIELDS,
    MAX_PER_PERSON,
    DraftError,
    find_draft,
    move_words,
    purge_drafts,
    save_draft,
)
from tests.factories import MONDAY, World
from tickets.database.housekeeping import purge_expired

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-07", "UX-02")]


def keep(user: User, key: str = "IM261122000017/composer", **fields: Any) -> Draft | None:
    """Keep ``fields``, each of one text, as typed on Monday."""
    typed = {name: [value] for name, value in fields.items()}
    return save_draft(user=user, key=key, title="t", url="/x/", fields=typed, now=fields.get("now", MONDAY))


def test_the_last_text_of_a_form_counts(world: World) -> None:
    keep(world.desk, text="first")
    keep(world.desk, text="second")
    keep(world.engineer, text="of another")

    assert [draft.value("text") for draft in Draft.objects.of(world.desk)] == ["second"]


@pytest.mark.parametrize("fields", [{}, {"text": " "}, {"text": "", "visibility": "note", "version": "3"}])
def test_a_cleared_form_leaves_nothing(world: World, fields: dict[str, str]) -> None:
    keep(world.desk, text="something")

    assert keep(world.desk, **fields) is None
    assert Draft.objects.count() == 0


def test_secrets_and_what_cannot_be_stored_are_left_out(world: World) -> None:
    draft = keep(
        world.desk, **{"text": "a\0b\ud800c", "new_password": "x", "api-token": "x", "otp": "x", "no good": "x"}
    )

    assert draft is not None
    draft.refresh_from_db()
    assert draft.fields == {"text": ["abc"]}


@pytest.mark.parametrize("fields", [{"text": "字" * (MAX_BYTES // 3)}, {f"f{n}": "x" for n in range(MAX_FIELDS + 1)}])
def test_too_much_is_refused_and_the_old_text_stays(world: World, fields: dict[str, str]) -> None:
    keep(world.desk, text="old")

    with pytest.raises(DraftError):
        keep(world.desk, **fields)
    assert Draft.objects.get().fields == {"text": ["old"]}


@pytest.mark.parametrize("key", ["", "x" * 121, "a\nb"])
def test_a_key_that_cannot_be_one_is_refused(world: World, key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the key is the message
        keep(world.desk, key=key, text="x")
    assert Draft.objects.count() == 0


@pytest.mark.parametrize("url", ["//evil.example/", "https://evil.example/", "javascript:alert(1)"])
def test_a_draft_leads_to_pages_of_the_portal_only(world: World, url: str) -> None:
    draft = save_draft(user=world.desk, key="k", title="", url=url, fields={"text": ["x"]}, now=MONDAY)

    assert draft is not None
    assert draft.url == ""


def test_of_too_many_the_oldest_go(world: World) -> None:
    rows = [
        Draft(user=world.desk, key=f"k{n}", updated_at=MONDAY - timedelta(minutes=n)) for n in range(MAX_PER_PERSON)
    ]
    Draft.objects.bulk_create(rows)
    keep(world.engineer, text="of another")
    keep(world.desk, text="new")

    assert Draft.objects.of(world.desk).count() == MAX_PER_PERSON
    assert not Draft.objects.filter(key=f"k{MAX_PER_PERSON - 1}").exists()
    assert Draft.objects.of(world.engineer).count() == 1


def test_what_nobody_touched_for_thirty_days_goes(world: World) -> None:
    keep(world.desk, text="x")

    assert purge_drafts(now=MONDAY + timedelta(days=30)) == 0
    assert purge_expired(now=MONDAY + timedelta(days=30, seconds=1)) == 1
    assert Draft.objects.count() == 0


def test_words_move_behind_those_of_another_form(world: World) -> None:
    keep(world.desk, key="IM1/resolve", cause="disk full", handling="deleted old logs, watched it", version="3")
    keep(world.desk, key="IM1/composer", text="Dear colleague", visibility="comment")
    given: dict[str, Any] = {"title": "t", "url": "/x/", "now": MONDAY}

    assert move_words(user=world.desk, key="IM1/resolve", to="IM1/composer", **given)
    assert not move_words(user=world.engineer, key="IM1/composer", to="IM1/mine", **given)

    [draft] = Draft.objects.all()
    assert draft.value("text") == "Dear colleague\n\ndisk full\n\ndeleted old logs, watched it"
    assert draft.value("visibility") == "comment"


def test_nobody_finds_the_draft_of_another(world: World) -> None:
    keep(world.desk, key="k", text="x")

    assert find_draft(user=world.engineer, key="k") is None


def test_choices_are_no_words(world: World) -> None:
    typed = {"close_code": ["tier1"], "cause": ["disk full"]}
    given: dict[str, Any] = {"user": world.desk, "key": "k", "title": "", "url": "", "now": MONDAY}
    save_draft(fields=typed, text_names=["cause", "gone"], **given)
    save_draft(fields=typed | {"cause": ["full disk"]}, **given)

    assert (Draft.objects.get().words, Draft.objects.get().text_names) == ("full disk", ["cause"])
