"""``manage.py docs``: writes diagrams, permission tables, actions and the tree of modules to ``docs/generated/``."""

import ast
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.reference import read_reference
from records.lifecycle import Family, families
from tickets.diagrams import Roles, documents
from tickets.lifecycle import Kind, kinds

#: Folders that Django names, and whose contents everybody knows.
WITHOUT_DOCUMENT = {"migrations", "management", "templatetags"}
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
        stale = stale_documents(wanted(kinds(), families()))
        if check and stale:
            raise CommandError(f"Out of date, run `make docs`: {', '.join(sorted(stale))}")
        TARGET.mkdir(parents=True, exist_ok=True)
        for name, text in stale.items():
            (TARGET / name).write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(stale)} documents written.")


def wanted(described: Collection[Kind], kept: Collection[Family]) -> dict[str, str]:
    """Every generated document by the name of its file."""
    return documents(described, shipped_roles(), kept) | {"modules.md": modules()}


def modules() -> str:
    """The tree of apps with their groups of modules: what each holds, as its own docstring says."""
    root = Path(settings.BASE_DIR)
    rows = []
    for app in sorted(path.parent for path in root.glob("*/__init__.py") if (path.parent / "apps.py").exists()):
        groups = sorted(path.parent for path in app.glob("*/__init__.py") if path.parent.name not in WITHOUT_DOCUMENT)
        rows += [_row(root, folder) for folder in [app, *groups]]
    return "\n".join(
        [
            "# Apps and their groups of modules",
            "",
            "Written by `make docs` from the docstrings of the packages.",
            "",
            "| folder | what it holds |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _row(root: Path, folder: Path) -> str:
    source = (folder / "__init__.py").read_text(encoding="utf-8")
    said = (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]
    name = folder.relative_to(root).as_posix()
    return f"| {'' if '/' not in name else '&nbsp;&nbsp;'}`{name}/` | {said} |"


def stale_documents(texts: dict[str, str]) -> dict[str, str]:
    """The documents whose file is missing or says something else."""
    return {name: text for name, text in texts.items() if _current(TARGET / name) != text}


def _current(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
