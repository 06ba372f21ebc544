"""Processes of their own that work on a test's database."""

from __future__ import annotations


def environment_on(address: str) -> dict[str, str]:
    """What a process needs to use the database at ``address``.

    ``manage.py`` looks at ``DATABASE_URL`` before there are settings: without one it would take the run's own server
    for its own and stop it at its end. The settings of tests read the other name alone.
    """
    names = {"DATABASE_URL": address, "ITSM_TEST_DATABASE_URL": address}
    return names | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
