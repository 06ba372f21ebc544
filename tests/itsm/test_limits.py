"""Sessions of PostgreSQL: no limit is looser than the promise that rests on it; long work lifts its own."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from itsm import settings as settings_of_the_portal
from itsm.lifting import lifted
from itsm.limits import ENGINE, ENGINES, PAGE, as_options, limits_of
from itsm.run import migrating
from itsm.run.programs import PROGRAMS

pytestmark = [pytest.mark.req("SLM-06", "ADM-02")]
NAMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def shown() -> list[str]:
    """The limits of this session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(name) FROM unnest(%s::text[]) name", [list(NAMES)])
        return [value for (value,) in cursor.fetchall()]


def test_limits_are_those_of_the_design() -> None:
    """reliability.md, 3.2: notices within five seconds, so nothing may hold a clock's row for longer than 15."""
    assert [PAGE[name] for name in NAMES] == ["30s", "3s", "15s"]
    assert [ENGINE[name] for name in NAMES] == ["10s", "2s", "15s"]
    assert set(ENGINES) <= set(PROGRAMS)
    assert {name: limits_of(name)["lock_timeout"] for name in PROGRAMS} == {
        **dict.fromkeys(PROGRAMS, "3s"),
        "engine": "2s",
        "worker": "2s",
    }
    assert as_options(limits_of("itsm")) in settings_of_the_portal.DATABASES["default"]["OPTIONS"]["options"]


@pytest.mark.django_db(transaction=True)
def test_sessions_really_have_them_and_get_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", as_options(limits_of("itsm")))
    connection.close()
    before = shown()
    with lifted(), transaction.atomic():
        inside = shown()

    assert before == ["30s", "3s", "15s"]
    assert (inside, shown()) == (["0", "0", "0"], before)


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_index_is_mended_before_the_next_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE half_built (n int); CREATE INDEX half_built_n ON half_built (n)")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half_built_n'::regclass")
        said: list[str] = []
        try:
            assert migrating.mend_indexes(said.append) == ["half_built_n"]
            assert migrating.mend_indexes(said.append) == []
        finally:
            cursor.execute("DROP TABLE half_built")
    assert len(said) == 1


@pytest.mark.django_db(transaction=True)
def test_a_table_in_use_is_waited_for_without_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try gives up quickly, so that pages behind it go on; limits are lifted for what takes long."""
    monkeypatch.setattr(migrating, "AGAIN_AFTER", 0.1)
    monkeypatch.setattr(migrating, "STEP_WAITS", "50ms")
    tries: list[list[str]] = []
    other = connection.copy()

    def step() -> None:
        migrating.prepare_step(type("Step", (), {"atomic": True}))
        tries.append(shown())
        try:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_role IN ACCESS EXCLUSIVE MODE")
        finally:
            if len(tries) == 2:
                other.rollback()

    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_role IN ACCESS SHARE MODE")
        said: list[str] = []
        migrating.alone(transaction.atomic(step), said.append)
    finally:
        other.close()

    assert tries == [["0", "50ms", "0"]] * 3
    assert said == ["A table is in use; trying again …"] * 2
    with pytest.raises(OperationalError):
        migrating.alone(_fails, said.append)


def _fails() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 1; SELECT pg_sleep(1)")


@pytest.mark.django_db(transaction=True)
def test_two_that_migrate_wait_for_each_other() -> None:
    said: list[str] = []
    with migrating.turn(said.append):
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [migrating.LOCK])
                assert cursor.fetchone() == (False,)
        finally:
            other.close()
    assert said == []


def _wait_for_turn(said: list[str]) -> None:
    with migrating.turn(said.append):
        said.append("mine")
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_who_waits_its_turn_holds_up_no_index() -> None:
    said: list[str] = []
    other = threading.Thread(target=_wait_for_turn, args=[said])
    with migrating.turn(print):
        other.start()
        while not said:
            time.sleep(0.01)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '20s'")
            cursor.execute("CREATE INDEX CONCURRENTLY held_up ON drafts_draft (title)")
            cursor.execute("DROP INDEX held_up; RESET statement_timeout")
        assert "mine" not in said
    other.join(20)
    assert said[-1] == "mine"
