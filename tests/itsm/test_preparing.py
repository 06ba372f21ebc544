"""One command makes a server ready: the guide's own steps on an empty database, behind a proxy with https."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from itsm.run import steps

pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path, django_db_blocker: object) -> Iterator[dict[str, str]]:
    """The variables of a server with an empty database of its own."""
    given = connection.settings_dict
    place = f"host={given['HOST']} user={given['USER']}"
    admin = psycopg2.connect(f"{place} dbname=postgres")
    admin.autocommit = True
    admin.cursor().execute("CREATE DATABASE prepared")
    yield {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "ITSM_DATA_DIR": str(tmp_path),
        "SECRET_KEY": "only-for-this-test-" * 4,
        "ALLOWED_HOSTS": "itsm.example.com",
        "SITE_URL": "https://itsm.example.com",
        "EMAIL_HOST": "mail.example.com",
        "NUM_PROXIES": "1",
        "DATABASE_URL": f"postgresql://{given['USER']}@/prepared?host={given['HOST']}",
        "REDIS_URL": str(settings.REDIS_URL),
    }
    admin.cursor().execute("DROP DATABASE prepared WITH (FORCE)")
    admin.close()


def manage(server: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the guide."""
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=server, capture_output=True, text=True, check=False)


def answer(port: int, path: str) -> int:
    """What the web server says to the proxy."""
    headers = {"Host": "itsm.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        return int(urllib.request.urlopen(request, timeout=10).status)  # noqa: S310 - our own address
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_the_guide_leads_to_a_sign_in_page(server: dict[str, str]) -> None:
    done = manage(server, "prepare")
    assert done.returncode == 0, done.stderr
    assert "Migrated the database" in done.stdout
    assert "Migrated" not in manage(server, "prepare").stdout
    made = manage(server, "createsuperuser", "--no-input", "--username=root", "--full_name=Root")
    assert (made.returncode, "email" in made.stderr) == (1, True)
    checked = manage(server, "check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:itsm.run.gunicorn_conf", "itsm.wsgi:application"]
    web = subprocess.Popen(command, cwd=settings.BASE_DIR, env=server | {"PORT": str(port), "WEB_WORKERS": "1"})
    try:
        until = time.monotonic() + 60
        while answer(port, "/healthz/ready") != 200 and time.monotonic() < until:
            time.sleep(0.3)
        assert [answer(port, path) for path in ("/healthz/ready", "/accounts/login/")] == [200, 200]
    finally:
        web.terminate()
        web.wait(20)


KILLED = """
import os
from django.core.management import call_command
from django.db.migrations.executor import MigrationExecutor
note = MigrationExecutor.record_migration
MigrationExecutor.record_migration = lambda self, one: os._exit(9) if one.app_label == "tickets" else note(self, one)
call_command("migrate", verbosity=0)
"""


def test_preparing_that_was_killed_is_gone_on_with(server: dict[str, str]) -> None:
    """The worst moment: the tables of an app are made, and nobody noted it."""
    assert manage(server, "shell", "--no-imports", "-c", KILLED).returncode == 9
    again = manage(server, "migrate", "-v0")
    assert again.returncode == 0, again.stderr


def test_without_packages_and_without_a_built_front_end_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(steps, "PACKAGES", tmp_path / "none")
    monkeypatch.setattr(
        steps,
        "build_steps",
        lambda: [steps.Step(title="x", command=("x",), inputs=(), stamps=tmp_path, result=tmp_path / "none")],
    )
    with pytest.raises(steps.NotInstalled, match="npm ci"):
        steps.build(print)
    (tmp_path / "built").touch()
    monkeypatch.setattr(
        steps,
        "build_steps",
        lambda: [steps.Step(title="x", command=("x",), inputs=(), stamps=tmp_path, result=tmp_path / "built")],
    )
    steps.build(print)  # an image: built already, nothing to build it from
