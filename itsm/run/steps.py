"""The preparation before the portal starts: what has to be done, and how to tell that it is done already."""

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from itsm.run.migrating import PREPARING, refuse_too_old, turn
from itsm.web import shared_static
from tickets.database.declared import write_declared_states

#: Where ``npm ci`` puts what the front-end is built from.
PACKAGES = settings.BASE_DIR / "node_modules"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command to run when the content of one of its inputs changed since it last ran, or its result is gone."""

    title: str
    command: tuple[str, ...]
    inputs: tuple[str, ...]  # patterns below the project's folder
    stamps: Path  # where to note that it ran: beside what it fills
    result: Path | None = None

    def run(self, *, force: bool = False) -> bool:
        """Run the command unless it is up to date; return whether it ran."""
        stamp = self.stamps / self.command[0]
        fingerprint = _fingerprint(self.inputs)
        gone = self.result is not None and not self.result.exists()
        if not (force or gone) and stamp.exists() and stamp.read_text() == fingerprint:
            return False
        call_command(*self.command, verbosity=0)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(fingerprint)  # only after success: a failed step is tried again
        return True


def build_steps() -> list[Step]:
    """Return the steps that turn sources into files; they need no database."""
    stamps = settings.BUILD_DIR / "stamps"
    return [
        Step(
            title="Compiling translations",
            command=("messages", "--compile"),
            inputs=("locale/**/*.po",),
            stamps=stamps,
            result=settings.BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.mo",
        ),
        Step(
            title="Collecting static files",
            # Not --clear: a portal that runs from this folder still serves the files of before.
            command=("collectstatic", "--no-input"),
            inputs=("static/**/*", "var/assets/**/*", "requirements/users.txt"),
            stamps=stamps,
            result=settings.STATIC_ROOT / "staticfiles.json",
        ),
    ]


def data_steps() -> list[Step]:
    """Return the steps that fill a migrated database: reference data always, demo data in demo mode."""
    stamps = settings.DATA_DIR / "stamps"
    inputs = ("demo/**/*", "*/shipped.py", "*/migrations/[0-9]*.py")
    commands = {"load_reference": "Loading reference data"}
    if settings.DEMO:
        commands["load_demo"] = "Loading demo data"
    return [Step(title=title, command=(command,), inputs=inputs, stamps=stamps) for command, title in commands.items()]


class NotInstalled(Exception):  # noqa: N818 - what is missing, not a fault
    """The front-end can neither be built nor is it built; the text says what to do."""


def prepare(tell: Callable[[str], object]) -> None:
    """Bring files and database up to date, on a laptop as on a server. ``tell`` gets a line for every step with work.

    Raises NotInstalled.
    """
    build(tell)
    with turn(tell, PREPARING):
        _prepare_data(tell)


def _prepare_data(tell: Callable[[str], object]) -> None:
    """What machines share: one after the other, and those that come later find it done."""
    migrated = migrate()
    if migrated:
        tell("Migrated the database")
    call_command("createcachetable", verbosity=0)
    if shared_static.publish():
        tell("Put styles and scripts where all machines find them")
    if write_declared_states():
        tell("Declared the states and transitions to the database")
    for step in data_steps():
        # After a migration also without changed inputs: the database may be a new one.
        if step.run(force=migrated):
            tell(step.title)


def build(tell: Callable[[str], object]) -> None:
    """Make what is made from the sources. An image has it already, and nothing to make it from."""
    if not PACKAGES.exists():
        if not all(step.result and step.result.exists() for step in build_steps()):
            raise NotInstalled("The front-end is not installed: run `npm ci` first (docs/administration.md).")
        return
    with _building_alone():
        call_command("build_assets", verbosity=0)  # reads everything to find the icons, and is fast
        for step in build_steps():
            if step.run():
                tell(step.title)


@contextmanager
def _building_alone() -> Iterator[None]:
    """Let portals that start at the same time from the same folder build one after the other."""
    settings.BUILD_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.BUILD_DIR / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrate() -> bool:
    """Apply migrations that are not applied yet; return whether there were any. Raises CommandError."""
    refuse_too_old()
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=0)
    return True


def _fingerprint(patterns: Iterable[str]) -> str:
    digest = hashlib.sha256()
    found = {path for pattern in patterns for path in settings.BASE_DIR.glob(pattern)}
    for path in sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{path.relative_to(settings.BASE_DIR)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
