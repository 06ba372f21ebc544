"""Who may import whom (style.md, section 3)."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import APPS, KINDS, LAYERS, Module, for_each, module_of, modules, room_of

pytestmark = pytest.mark.req("TKT-06")

#: Rooms of ``itsm`` that know no app: anybody may use them.
TOOLS = {
    "itsm.documents.cells",
    "itsm.demo_accounts",
    "itsm.docstrings",
    "itsm.web.filtering",
    "itsm.web.lifetimes",
    "itsm.lifting",
    "itsm.matching",
    "itsm.moments",
    "itsm.navigation",
    "itsm.web.paging",
    "itsm.documents.fonts",
    "itsm.documents.metadata",
    "itsm.documents.paper",
    "itsm.documents.pictures",
    "itsm.sealed_fields",
    "itsm.sealing",
    "itsm.documents.sheets",
    "itsm.web.widgets",
    "itsm.env",
    "itsm.sources",
}
#: What all endpoints share. Knows what it refers to; only doors use it.
SHARED_API = "itsm.api"
DOORS = {"api", "views", "serializers", "admin"}

#: Rooms inside an app, from the bottom up.
ROOMS = [
    {"permissions", "errors", "events", "signals", "clock", "triggers", "docstrings"},
    {"rules", "guards"},
    {"lifecycle", "common", "support", "corrections", "by_time"},
    {"models"},
    {"queries", "services"},
    {"forms", "action_forms", "support_forms", "time_forms", "assignment", "filters"},
    {"actions"},
    {"views", "api", "serializers", "admin"},
    {"urls"},
]
RANKS = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}


def rank(app: str) -> int:
    """The layer of an app; kinds share one."""
    return LAYERS.index("kinds" if app in KINDS else app)


def may_import(module: Module, other: str) -> bool:
    """Whether ``module`` may import the app ``other``."""
    return other == module.app or rank(other) < rank(module.app)


@pytest.mark.slow
@for_each(modules(*APPS))
def test_apps_import_apps_below_only(module: Module) -> None:
    imported = {name.split(".")[0] for name in module.imports()} & set(APPS)

    assert [app for app in sorted(imported) if not may_import(module, app)] == []


@for_each(modules(*KINDS))
def test_kinds_know_neither_one_another_nor_who_listens(module: Module) -> None:
    others = {*KINDS, "sla", "importing", "demo"} - {module.app}

    assert {name.split(".")[0] for name in module.imports()} & others == set()


@for_each(modules("tasks", "approvals", *KINDS))
def test_what_happens_to_tickets_knows_no_clock_and_tells_from_its_notices_alone(module: Module) -> None:
    """Clocks listen; what is told of an action stands in ``notices`` of its own app, which other modules call."""
    listening = {"sla"} if module.room == "notices" else {"sla", "notifications"}

    assert {name.split(".")[0] for name in module.imports()} & listening == set()


@pytest.mark.slow
@for_each(modules(*APPS))
def test_apps_use_tools_and_only_doors_the_shared_api(module: Module) -> None:
    found = (module_of(name) for name in module.imports() if name.startswith("itsm."))
    used = {SHARED_API if name.startswith(SHARED_API) else name for name in found}
    allowed = TOOLS | ({SHARED_API} if module.room in DOORS else set())
    if module.app in ("importing", "demo"):
        allowed |= {name for name in used if name != SHARED_API}

    assert used - allowed == set()


@for_each(sorted(TOOLS))
def test_tools_know_no_app(name: str) -> None:
    found = [module for module in modules("itsm") if module.name == name or module.name.startswith(f"{name}.")]

    assert found
    assert {i.split(".")[0] for module in found for i in module.imports()} & set(APPS) == set()


@pytest.mark.slow
@for_each(modules(*APPS))
def test_rooms_of_an_app_import_rooms_below_only(module: Module) -> None:
    own = [room_of(module_of(name)) for name in module.imports() if name.startswith(f"{module.app}.")]
    above = [room for room in own if RANKS.get(room, -1) > RANKS.get(module.room, len(ROOMS))]

    assert above == []


@pytest.mark.slow
@for_each(modules(*APPS, "itsm"))
def test_production_code_never_imports_tests(module: Module) -> None:
    assert [name for name in module.imports() if name.split(".")[0] == "tests"] == []


@pytest.mark.slow
@for_each(modules(*APPS))
def test_import_inside_a_function_gives_a_reason(module: Module) -> None:
    lines = module.path.read_text(encoding="utf-8").splitlines()
    inner = {
        node.lineno
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert [line for line in sorted(inner) if "#" not in lines[line - 1]] == []


def test_rule_would_be_noticed() -> None:
    """The tests above can fail."""
    wrong = Module("accounts.rules", modules("accounts")[0].path, "from tickets.models import Ticket")

    assert not may_import(wrong, "tickets")
    assert not any(may_import(Module(app, wrong.path, ""), kind) for app in ("notifications", "sla") for kind in KINDS)
    assert list(wrong.imports()) == ["tickets.models.Ticket"]
    assert RANKS["views"] > RANKS["models"] > RANKS["lifecycle"] > RANKS["rules"]
