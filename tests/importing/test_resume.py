"""An import that is killed leaves whole tickets only, and the next run goes on where it stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from demo.reference import load_reference
from importing.services import LOCK
from tests.elsewhere import environment_on
from tests.importing.exports import many_lives, run_import, snapshot, write_export
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.req("ADM-04"), pytest.mark.django_db(transaction=True)]

TICKETS = 600


def start_import(path: Path) -> subprocess.Popen[bytes]:
    """The command in a process of its own, on the test's database."""
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    environment = os.environ | environment_on(address)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_history", str(path)]
    return subprocess.Popen([*command, "--mapping", "servicenow", "--batch", "5"], env=environment)


def wait_for_tickets(count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until another process has stored ``count`` tickets."""
    deadline = time.monotonic() + 60
    while Ticket.objects.count() < count:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A log of ``TICKETS`` incidents."""
    return write_export(tmp_path / "log.csv.gz", many_lives(TICKETS))


@pytest.mark.slow
def test_killed_import_goes_on_and_ends_as_if_it_never_stopped(export: Path) -> None:
    run_import(export)
    whole = snapshot()
    call_command("flush", interactive=False, verbosity=0)
    load_reference()

    process = start_import(export)
    wait_for_tickets(50, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    stopped_at = Ticket.objects.count()
    assert 50 <= stopped_at < TICKETS
    assert TimelineEntry.objects.count() == 4 * stopped_at

    out = run_import(export)
    assert f"{stopped_at:,} incidents were there already" in out
    assert f"Imported {TICKETS - stopped_at:,} incidents" in out
    assert snapshot() == whole


def test_second_import_at_the_same_time_is_refused(export: Path) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(CommandError, match="Another import is running"):
            run_import(export)
    finally:
        other.close()
    assert Ticket.objects.count() == 0
