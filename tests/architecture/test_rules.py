"""Laws of the code that a reader relies on (style.md, section 5)."""

from __future__ import annotations

import ast
import re

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey

from tests.architecture.sources import APPS, KINDS, ROOT, Module, calls, for_each, modules

#: Below ``perform`` and the engine time is an argument.
TIMELESS = [
    module
    for module in modules("tickets", *KINDS, "tasks", "sla")
    if not module.name.startswith(("tickets.management", "tickets.database.housekeeping", "sla.management"))
]
PRESENT = re.compile(r"\b(timezone\.now|datetime\.now|datetime\.utcnow|datetime\.today|date\.today|time\.time)$")
#: Pages and API may ask for the present to show what remains; nothing below them.
CLOCK_READERS = {
    "tickets.clock",
    "tickets.actions",
    "tickets.tasks",
    "changes.admin",
    "changes.assessing.admin",
    "changes.catalogue.forms",
    "changes.collision.forms",
    "changes.management.commands.collisions",
    "changes.tasks",
    "sla.engine.rounds",
    "sla.engine.canary",
    "sla.engine.endings",
    "sla.engine.watch",
    "problems.tasks",
    "sla.tasks",
    "sla.promises.trials",
}

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MAX_FUNCTION, MAX_MODULE, MAX_TEMPLATE, MAX_FOLDER = 40, 400, 120, 25
MAX_TEMPLATE_LINE = 140

#: Records that not everybody sees, and the only first step to them behind a door.
SCOPED = {"Ticket", "Incident", "Task", "ConfigurationItem", "TimelineEntry", "Attachment", "TicketLink"}
DOORS = [
    module
    for module in modules("tickets", "incidents", "tasks", "cmdb")
    if module.room in {"views", "api", "lists", "pages", "context", "serializers"}
]


def source(module: Module) -> str:
    """The file's text."""
    return module.path.read_text(encoding="utf-8")


@pytest.mark.req("TKT-03")
def test_no_generic_foreign_key() -> None:
    found = [
        f"{model.__name__}.{field.name}"
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.private_fields
        if isinstance(field, GenericForeignKey)
    ]

    assert found == []


@pytest.mark.req("INC-05")
@for_each(TIMELESS)
def test_time_is_an_argument(module: Module) -> None:
    assert [(line, name) for line, name in calls(module.tree) if PRESENT.search(name)] == []


@pytest.mark.req("INC-05")
@for_each(TIMELESS)
def test_clock_is_read_by_the_door_and_by_pages_only(module: Module) -> None:
    if module.name in CLOCK_READERS or module.room in {"views", "api", "pages", "context", "lists", "filters"}:
        return

    assert [line for line, name in calls(module.tree) if name == "clock.now"] == []


def writes_of_state(module: Module) -> list[int]:
    """Lines that set ``….state`` or pass ``state=`` to an update."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in ("state", "phase"):
            found.append(node.lineno)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".update", "bulk_update")):
            found += [node.lineno for keyword in node.keywords if keyword.arg in ("state", "phase")]
    return found


#: Modules of ``cmdb``, which knows no tickets, that write the state of a model of its own, and of which.
OWN_STATES = {
    "cmdb.custody.services": "Handover: signed, refused or taken back, under its own lock",
    "cmdb.leaving": "Handover: taken back when its receiver is switched off",
    "cmdb.jobs.services": "ItemJob: taken, given back and finished by a worker, as exports are",
}


@pytest.mark.req("TKT-06")
@for_each(modules(*APPS, "itsm"))
def test_state_is_written_by_perform_alone(module: Module) -> None:
    """And by imports, which make tickets as they were elsewhere. What has a state of its own is named below."""
    if module.name == "tickets.actions":
        [line] = writes_of_state(module)
        assert "ticket.phase = kind.phase_of(ticket.state)" in source(module).splitlines()[line - 1]
    elif module.name in OWN_STATES:
        assert writes_of_state(module), "nothing here has a state of its own any more: take it off the list"
        assert re.findall(r"[Tt]icket\b", source(module)) == [], OWN_STATES[module.name]
    elif module.app == "sla":
        assert re.findall(r"ticket\.(?:state|phase) =[^=]", source(module)) == []
    elif module.app not in ("importing", "duty", "reports"):
        assert writes_of_state(module) == []


@pytest.mark.req("TKT-06")
@for_each(modules(*APPS, "itsm"))
def test_tickets_are_not_written_around_the_door(module: Module) -> None:
    """No page, endpoint or task saves a ticket or opens a transaction of its own."""
    if module.room not in {"views", "tasks"} or module.app not in {"tickets", "incidents", "tasks"}:
        return

    writes = [name for _line, name in calls(module.tree) if name.endswith((".save", ".atomic"))]
    assert [name for name in writes if not name.startswith("image.")] == []


def unscoped(tree: ast.AST) -> list[str]:
    """Statements that reach for records of other people: neither visible to somebody, nor parts of a found one."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If | ast.For):
            continue
        text = ast.unparse(node)
        names = re.findall(r"\b(\w+)\.(?:objects|_default_manager|_base_manager)\b(?!\.visible_to|\.none)", text)
        if SCOPED & set(names) and not re.search(r"visible|seen|ticket=ticket|parent_id=ticket\.pk", text):
            found.append(text)
    return found


@pytest.mark.req("ORG-03")
@for_each(DOORS)
def test_doors_begin_with_what_is_visible(module: Module) -> None:
    assert unscoped(module.tree) == []


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("found = Ticket.objects.filter(pk=1)", 1),
        ("return Incident.objects.all()", 1),
        ("found = Ticket.objects.visible_to(user).filter(pk=1)", 0),
        ("links = TicketLink.objects.filter(source__in=visible)", 0),
    ],
)
def test_unscoped_statement_would_be_noticed(statement: str, count: int) -> None:
    assert len(unscoped(ast.parse(statement))) == count


@pytest.mark.req("UX-01")
@for_each(TEMPLATES)
def test_template_has_no_inline_script_style_or_handler(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    inline = [
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>",
        r"<style\b",
        r"\sstyle\s*=",
        r"\son(?:click|change|submit|load|input|key\w+|mouse\w+|focus|blur|error)\s*=",
        r"javascript:",
        r"\bhx-on\b",
    ]

    assert [found for pattern in inline for found in re.findall(pattern, text, flags=re.IGNORECASE)] == []


@pytest.mark.req("ORG-03")
def test_templates_trust_no_text() -> None:
    """Only Django's own help on passwords is HTML; nothing that people typed is ever trusted."""
    trusting = {
        str(path.relative_to(ROOT)) for path in TEMPLATES if re.search(r"\|\s*safe\b", path.read_text("utf-8"))
    }

    assert trusting == {"templates/components/field_notes.html"}


@pytest.mark.req("UX-01")
def test_templates_are_short() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in TEMPLATES}

    assert {name: lines for name, lines in long.items() if lines > MAX_TEMPLATE} == {}


@pytest.mark.req("UX-01")
def test_templates_can_be_read_line_by_line() -> None:
    """One tag of Django cannot be broken, nor what stands in a text area: all else fits a line that one reads."""
    unbreakable = re.compile(r"\s*(\{% ((?!%\}).)* %\}|>.*</textarea>)\s*")
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MAX_TEMPLATE_LINE and not unbreakable.fullmatch(line)
    ]

    assert long == []


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the function, without its docstring."""
    end, start = function.end_lineno or function.lineno, function.lineno
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return end - start + 1 - ((first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0)


@pytest.mark.req("TKT-06")
@for_each(modules(*APPS, "itsm"))
def test_functions_and_modules_are_short(module: Module) -> None:
    lines = len(source(module).splitlines())

    assert {f.name: length(f) for f in module.functions() if length(f) > MAX_FUNCTION} == {}
    assert lines <= MAX_MODULE


@pytest.mark.req("TKT-06")
def test_folders_can_be_looked_through() -> None:
    """A folder with more modules than one page lists is a set of groups that nobody has named yet."""
    folders: dict[str, int] = {}
    for module in modules(*APPS, "itsm", "bench"):
        folder = str(module.path.parent.relative_to(ROOT))
        folders[folder] = folders.get(folder, 0) + (module.path.name != "__init__.py")

    assert {folder: count for folder, count in folders.items() if count > MAX_FOLDER} == {}


@pytest.mark.req("TKT-06")
def test_every_group_says_what_it_holds() -> None:
    """``docs/generated/modules.md`` is written from these docstrings."""
    known = {"migrations", "management", "commands", "templatetags"}
    groups = [m for m in modules(*APPS, "itsm", "bench") if m.path.name == "__init__.py"]
    silent = [group.name for group in groups if not ast.get_docstring(group.tree)]

    assert [name for name in silent if not known & set(name.split("."))] == []


@pytest.mark.req("TKT-06")
def test_links_of_the_documents_lead_somewhere() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, link)
        for document in documents
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    ]

    assert [
        (str(d.relative_to(ROOT)), to) for d, to in links if "://" not in to and not (d.parent / to).exists()
    ] == []
