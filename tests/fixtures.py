"""Fixtures on the portal's data. Every test that uses the database finds the shipped reference data in it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from pytest_django.plugin import blocking_manager_key

from demo.reference import load_reference
from tests import migrated, shifted
from tests.factories import World

#: The name of the database that this process made for its tests.
DATABASE_MADE = pytest.StashKey[str]()


def _emptied(self: DatabaseOperations, *args: Any, **kwargs: Any) -> list[str]:
    """Django's way of emptying tables between tests, for which the triggers against that are off."""
    statements = _sql_flush(self, *args, **kwargs)
    return ["SET LOCAL session_replication_role = replica", *statements] if statements else []


_sql_flush = DatabaseOperations.sql_flush
DatabaseOperations.sql_flush = _emptied  # type: ignore[method-assign,assignment]


@pytest.fixture(scope="session")
def django_db_keepdb(
    django_db_keepdb: bool, django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> bool:
    """Begin with a copy of the migrated database where the server is the run's own: it ends with the run."""
    with django_db_blocker.unblock():
        return migrated.copy_for_tests() or django_db_keepdb


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> None:
    """Load the shipped code tables once, after the migrations."""
    with django_db_blocker.unblock():
        shifted.move_database(connection.settings_dict["NAME"])
        load_reference()
    request.config.stash[DATABASE_MADE] = connection.settings_dict["NAME"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """Load the code tables again after a test that emptied every table; after the last one the database is gone."""
    try:
        yield
    finally:
        _restore(item, nextitem)


def _restore(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    marker = item.get_closest_marker("django_db")
    made = item.config.stash.get(DATABASE_MADE, None)
    if made is None or made != connection.settings_dict["NAME"]:
        return  # a skipped test made no database; whichever is there is not ours
    if nextitem and marker and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)):
        with item.config.stash[blocking_manager_key].unblock():
            load_reference()


@pytest.fixture
def world(db: None) -> World:
    """A provider, two customers, a supplier, groups of three lines, people in every role."""
    return World()


@pytest.fixture
def early_in_the_minute(db: None) -> None:
    """Wait until ten seconds are left in which requests are counted together: else they fall into two minutes."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT pg_sleep(CASE WHEN seconds > 50 THEN 60.1 - seconds ELSE 0 END)
            FROM extract(second FROM clock_timestamp()) AS seconds
        """)
