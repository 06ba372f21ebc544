"""A migrated database, made once for a state of the migrations and copied whenever a test run or a worker needs one.

Migrating from nothing takes ten seconds, a copy one. What depends on code that is no migration (declared
transitions, permissions) is brought in line by the run itself: it migrates the copy again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.db import connection

from itsm import embedded

KEPT = settings.BUILD_DIR / "test-databases"
#: The database of a cluster that copies are made of. Tests never use it: theirs begin with ``test_``.
ORIGINAL = "itsm"
MOST_KEPT = 3


def is_embedded() -> bool:
    """Whether the run's own server is used, not one that ``DATABASE_URL`` names."""
    return not os.environ.get("DATABASE_URL")


def keep() -> Path:
    """Make the migrated cluster unless it is kept, as ``python -m tests.migrated`` does; return where it is."""
    kept = KEPT / _digest()
    if not kept.exists():
        _make(kept)
    return kept


def provide(data_dir: Path) -> None:
    """Put a cluster with the migrated database into ``data_dir``, whose server does not run yet."""
    kept = keep()
    os.utime(kept)
    data_dir.mkdir(parents=True, exist_ok=True)
    _copy(kept, data_dir / "postgres")


def copy_for_tests() -> bool:
    """Make the test database of this worker a copy of the migrated one; False on a server that is not ours."""
    if not is_embedded():
        return False
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]  # with xdist's number
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{ORIGINAL}" STRATEGY file_copy')
    return True


def _digest() -> str:
    """Of every migration of ours, and of the packages that bring theirs."""
    found = hashlib.sha256(str(sorted(settings.INSTALLED_APPS)).encode())
    files = [path for config in apps.get_app_configs() for path in (Path(config.path) / "migrations").glob("*.*")]
    own = [path for path in files if settings.BASE_DIR in path.parents and path.suffix in {".py", ".sql"}]
    for path in [*sorted(own), settings.BASE_DIR / "requirements" / "users.txt"]:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:20]


def _make(kept: Path) -> None:
    """Migrate an empty database in a server of its own, stop it, keep its files; two runs at once do not meet."""
    directory = Path(tempfile.gettempdir()) / f"itsm-tests-migrate-{os.getpid()}"  # as conftest clears up after kills
    server = embedded.Postgres(directory, throwaway=True)
    draft = kept.with_name(f"{kept.name}.{os.getpid()}")
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        server.start()
        env = os.environ | {"ITSM_TEST_DATA_DIR": str(directory), "DJANGO_SETTINGS_MODULE": "tests.settings"}
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(command, env=env, cwd=settings.BASE_DIR, check=True)
        server.stop()
        _copy(server.directory, draft)
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
    if kept.exists():  # another run was faster
        shutil.rmtree(draft)
    else:
        draft.rename(kept)
    for old in sorted(KEPT.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[MOST_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy files with owners and modes: the server refuses what is not its own."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S607


if __name__ == "__main__":
    django.setup()
    keep()
