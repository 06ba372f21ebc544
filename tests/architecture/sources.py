"""The portal's own Python files, parsed once, when they are looked at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.shipped import SHIPPED

ROOT = Path(__file__).parents[2]
#: Apps from the bottom up: each may import those before it.
LAYERS = [
    *("accounts", "duty", "drafts", "records", "cmdb", "tickets", "notifications", "sla"),
    *("tasks", "approvals", "kinds"),
    *("live", "announcements", "replies", "exporting", "importing", "reports", "demo"),
]
#: Folders inside an app or a group of modules that are one room, whatever their modules are called.
ROOM_FOLDERS = {"api", "views", "models"}
#: Views that people keep of lists, not pages.
NO_DOORS = {"saved_views"}
#: Apps of one kind of ticket each; tasks stand below them, as a part of every kind.
KINDS = [app for kind in SHIPPED if (app := kind.model._meta.app_label) not in LAYERS]
APPS = [app for layer in LAYERS for app in (KINDS if layer == "kinds" else [layer])]


def room_of(name: str) -> str:
    """What a module is for: its own name, or the folder that is a room; ``changes.plan.forms`` is of the forms."""
    *groups, last = name.split(".")[1:] or [""]
    own = "views" if last.endswith("_views") and last not in NO_DOORS else "api" if last.startswith("api_") else last
    return next((group for group in groups if group in ROOM_FOLDERS), own)


@dataclass(frozen=True)
class Module:
    """A file with its dotted name; ``text`` stands for what is in it."""

    name: str
    path: Path
    text: str | None = None

    def __str__(self) -> str:
        return self.name

    @cached_property
    def tree(self) -> ast.Module:
        """What is in it, parsed when somebody looks: a run collects these tests in every process."""
        return ast.parse(self.path.read_text(encoding="utf-8") if self.text is None else self.text)

    @property
    def app(self) -> str:
        """The first part of the name."""
        return self.name.split(".")[0]

    @property
    def room(self) -> str:
        """What the file is for (``room_of``)."""
        return room_of(self.name)

    def imports(self) -> list[str]:
        """Dotted names that are imported when the portal runs; those for type checkers do not count."""
        return self._imports

    @cached_property
    def _imports(self) -> list[str]:
        found: list[str] = []
        for node in _running(self.tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                found += [f"{node.module}.{alias.name}" for alias in node.names]
        return found

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method."""
        yield from (n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes below ``node`` except what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            for other in child.orelse:
                yield from _running(other)
            continue
        yield child
        yield from _running(child)


def modules(*packages: str) -> list[Module]:
    """The modules of the packages, without migrations."""
    return [module for package in packages for module in _modules_of(package)]


@cache
def _modules_of(package: str) -> list[Module]:
    paths = [path for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts]
    return [Module(".".join(_parts(path)), path) for path in paths]


def _parts(path: Path) -> list[str]:
    """What the dotted name of a module is made of; a package is its ``__init__``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return [part for part in parts if part != "__init__"]


def module_of(name: str) -> str:
    """The module in which an imported name stands: ``changes.plan.forms`` of ``changes.plan.forms.StepForm``."""
    while name and not (path := ROOT.joinpath(*name.split("."))).with_suffix(".py").is_file() and not path.is_dir():
        name = name.rpartition(".")[0]
    return name


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted text) of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def for_each(subjects: Iterable[Any]) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """Turn a check of one subject into one test of all of them: it fails once, with every offender and its fault."""

    def decorate(check: Callable[[Any], None]) -> Callable[[], None]:
        def test() -> None:
            offenders = {}
            for subject in subjects:
                try:
                    check(subject)
                except AssertionError as broken:
                    offenders[str(subject)] = str(broken)
            if offenders:
                pytest.fail("\n".join(f"{name}: {fault}" for name, fault in offenders.items()))

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return decorate
