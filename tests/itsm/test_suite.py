"""The tests themselves: they write into no database that they did not make."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests import fixtures, mutants
from tests.fixtures import DATABASE_MADE
from tests.itsm.test_backup import ROOT

pytestmark = pytest.mark.req("ADM-02")
ELSEWHERE = "postgresql://portal:secret@db.example.com:5432/live"


@pytest.mark.parametrize("made", [None, "another_database"])
def test_a_skipped_test_restores_nothing(monkeypatch: pytest.MonkeyPatch, made: str | None) -> None:
    """Without a browser the journeys are skipped: nobody made a database, and the one in the settings is not ours."""
    loaded: list[int] = []
    monkeypatch.setattr(fixtures, "load_reference", lambda: loaded.append(1))
    stash = pytest.Stash()
    if made:
        stash[DATABASE_MADE] = made
    item: Any = SimpleNamespace(
        config=SimpleNamespace(stash=stash),
        get_closest_marker=lambda name: pytest.mark.django_db(transaction=True).mark,
    )

    fixtures._restore(item, item)

    assert loaded == []


def test_addresses_of_servers_in_use_are_nothing_to_tests() -> None:
    code = "import tests.settings as s; print(s.DATABASES['default'], s.REDIS_URL)"
    environment = {**os.environ, "DATABASE_URL": ELSEWHERE, "REDIS_URL": "redis://cache.example.com:6379/0"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "example.com" not in done.stdout
    assert "'live'" not in done.stdout


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: f"{mutant.path}: {mutant.before}")
def test_every_mutant_can_be_planted(mutant: mutants.Mutant) -> None:
    """``make mutants`` would otherwise end at the first line that was written anew."""
    sound = (mutants.BASE_DIR / mutant.path).read_text(encoding="utf-8")

    compile(mutants.planted(sound, mutant), mutant.path, "exec")
    assert all((mutants.BASE_DIR / test).exists() for test in mutant.tests.split())
