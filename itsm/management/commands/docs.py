"""``manage.py docs``: writes diagrams, permission tables and the list of actions to ``docs/generated/``."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.reference import read_reference
from tickets.diagrams import Roles, documents
from tickets.lifecycle import kinds

TARGET = Path(settings.BASE_DIR) / "docs" / "generated"


def shipped_roles() -> Roles:
    """The roles as the portal ships them; an administrator may change which permissions they grant."""
    return {row["code"]: (row["en"], frozenset(row["permissions"])) for row in read_reference()["roles"]}


class Command(BaseCommand):
    """Writes what the lifecycles declare; with ``--check`` only compares."""

    help = "Write docs/generated from the lifecycles, or check that it is current."
    requires_system_checks: list[str] = []  # describes also what the checks complain about

    def add_arguments(self, parser: CommandParser) -> None:
        """``--check``."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write the files that changed, or name those that would change."""
        stale = stale_documents(documents(kinds(), shipped_roles()))
        if check and stale:
            raise CommandError(f"Out of date, run `make docs`: {', '.join(sorted(stale))}")
        TARGET.mkdir(parents=True, exist_ok=True)
        for name, text in stale.items():
            (TARGET / name).write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(stale)} documents written.")


def stale_documents(wanted: dict[str, str]) -> dict[str, str]:
    """The documents whose file is missing or says something else."""
    return {name: text for name, text in wanted.items() if _current(TARGET / name) != text}


def _current(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
