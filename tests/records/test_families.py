"""Every family of records keeps what the door promises, whatever its steps are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from records.actions import perform
from records.checks import problems_of
from records.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound, RecordChanged
from records.lifecycle import Family, families
from records.verdicts import available_actions
from tests.factories import MONDAY, World
from tests.records.subjects import SUBJECTS, record_in, take

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06", "SEC-03")]

BY_CODE = {family.code: family for family in families()}
PLACES = [(family.code, state) for family in families() for state in family.states.values]
LATER = MONDAY + timedelta(hours=1)


def stored(record: Any) -> dict[str, Any]:
    """Its row, and how long its log is."""
    return {**type(record).objects.filter(pk=record.pk).values().get(), "lines": record.log.count()}


def test_every_family_has_a_subject_here() -> None:
    assert set(SUBJECTS) == set(BY_CODE)
    assert {code: set(subject.path) for code, subject in SUBJECTS.items()} == {
        family.code: set(family.states.values) for family in families()
    }


@pytest.mark.parametrize("family", families(), ids=lambda family: family.code)
def test_declarations_have_nothing_wrong(family: Family) -> None:
    assert list(problems_of(family)) == []


@pytest.mark.parametrize(("code", "state"), PLACES)
def test_only_declared_steps_are_taken_and_each_is_logged(world: World, code: str, state: str) -> None:
    subject = SUBJECTS[code]
    user = world.people[subject.may]
    for name, step in BY_CODE[code].actions.items():
        record = record_in(code, state, world)
        before = stored(record)
        if step.system or step.creates:
            with pytest.raises((ActionForbidden, ActionNotFound)):
                take(code, record, name, world)
            assert stored(record) == before
        elif step.starts_in(state):
            after = take(code, record, name, world)
            line = after.log.first()
            assert (after.state, after.version) == (step.target or state, before["version"] + 1)
            assert (line.step, line.actor, line.state_from, line.state_to) == (name, user, state, after.state)
        else:
            with pytest.raises(ActionConflict) as refused:
                take(code, record, name, world)
            possible = [one.action.name for one in available_actions(record, user) if one.enabled]
            assert refused.value.possible == possible
            assert stored(record) == before


@pytest.mark.parametrize(("code", "state"), PLACES)
def test_who_may_not_takes_no_step(world: World, code: str, state: str) -> None:
    user = world.people[SUBJECTS[code].may_not]
    record = record_in(code, state, world)
    before = stored(record)
    assert available_actions(record, user) == []
    for name, step in BY_CODE[code].actions.items():
        if not step.creates:
            with pytest.raises(ActionForbidden):
                take(code, record, name, world, user=user)
    assert stored(record) == before


@pytest.mark.parametrize("code", BY_CODE)
def test_who_read_an_older_version_overwrites_nothing(world: World, code: str) -> None:
    first = next(iter(SUBJECTS[code].path))
    record = record_in(code, first, world)
    before, user = stored(record), world.people[SUBJECTS[code].may]
    name = next(n for n, s in BY_CODE[code].actions.items() if s.starts_in(first) and s.versioned and not s.system)
    data = SUBJECTS[code].data(world).get(name)

    with pytest.raises(RecordChanged) as refused:
        perform(record, name, user=user, now=LATER, data=data, version=record.version - 1)
    assert refused.value.record == record
    assert stored(record) == before
    perform(record, name, user=user, now=LATER, data=data, version=record.version)


@pytest.mark.parametrize("code", BY_CODE)
@pytest.mark.parametrize("statement", ["UPDATE {} SET step = 'x'", "DELETE FROM {}"])
def test_the_log_is_never_changed(world: World, code: str, statement: str) -> None:
    record = record_in(code, next(iter(SUBJECTS[code].path)), world)
    table = record.log.model._meta.db_table  # type: ignore[attr-defined]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize("code", BY_CODE)
def test_what_is_not_there_and_what_makes_no_sense_is_refused(world: World, code: str) -> None:
    subject, first = SUBJECTS[code], next(iter(SUBJECTS[code].path))
    user = world.people[subject.may]
    record = record_in(code, first, world)
    gone: Any = type(record)()
    gone.pk = record.pk + 1
    creating = next(name for name, step in BY_CODE[code].actions.items() if step.creates and not step.system)

    for asked, name in ((record, "nonsense"), (gone, "edit"), (record, creating)):
        with pytest.raises(ActionNotFound):
            perform(asked, name, user=user, now=LATER)
    with pytest.raises(ActionInvalid) as refused:
        perform(subject.make(world), creating, user=user, now=LATER, data={})
    assert refused.value.form.errors
    assert type(record)._default_manager.count() == 1


@pytest.mark.parametrize("code", BY_CODE)
def test_programs_send_no_field_that_is_unknown(world: World, code: str) -> None:
    creating = next(name for name, step in BY_CODE[code].actions.items() if step.creates and not step.system)
    data = {**SUBJECTS[code].data(world)[creating], "colour": "red"}
    user = world.people[SUBJECTS[code].may]

    with pytest.raises(ActionInvalid) as refused:
        perform(SUBJECTS[code].make(world), creating, user=user, now=LATER, data=data, via="api")
    assert list(refused.value.form.errors) == ["colour"]
