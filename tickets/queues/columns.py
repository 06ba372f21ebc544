"""What lists of tickets can show: the columns of tables and exports, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from tickets.clock import NO_LIMIT
from tickets.lifecycle import Kind, Phase
from tickets.models import AffectedItem, Ticket
from tickets.queues.audience import known_to
from tickets.queues.held import at_limit, holders

#: How hard it is to solve (处理难度), by ``Ticket.complexity``: of equal urgency the simpler comes first (INC-18).
DIFFICULTY = {1: _("Simple"), 2: _("Normal"), 3: pgettext_lazy("difficulty", "Hard")}
_NAMES = ("name_zh", "name_en")
_PERSON = ("username", "full_name", "full_name_en")


@dataclass(frozen=True, kw_only=True)
class ListColumn:
    """A column. ``value`` reads text, number, moment, truth or row from a ticket; ``sort`` is its name in ``SORTS``.

    ``loads``: columns of the database beyond those of every row; ``staff``: for those who read internal notes;
    ``wide``: texts of several lines, for exports only; ``counts``: what the query works out for it, by name.
    ``kind``: code of the one kind that has it; lists of other kinds do not offer it.
    """

    code: str
    label: Any
    value: Callable[[Ticket], Any]
    sort: str = ""
    loads: tuple[str, ...] = ()
    staff: bool = False
    wide: bool = False
    kind: str = ""
    counts: Callable[[], dict[str, Any]] = dict

    @property
    def relations(self) -> set[str]:
        """Rows to join for it."""
        return {path.rpartition("__")[0] for path in self.loads if "__" in path}


def _attribute(code: str, label: Any, name: str = "", **more: Any) -> ListColumn:
    name = name or code
    return ListColumn(code=code, label=label, value=lambda ticket: getattr(ticket, name), loads=(name,), **more)


def _named(code: str, label: Any, columns: tuple[str, ...] = _NAMES, **more: Any) -> ListColumn:
    loads = tuple(f"{code}__{column}" for column in columns)
    return ListColumn(code=code, label=label, value=lambda ticket: getattr(ticket, code), loads=loads, **more)


def _paths(group: str, person: str) -> tuple[str, ...]:
    return (*(f"{group}__{name}" for name in _NAMES), *(f"{person}__{name}" for name in _PERSON))


def _due(ticket: Ticket) -> Any:
    return None if ticket.queue_due_at >= NO_LIMIT else ticket.queue_due_at


def _department(ticket: Ticket) -> Any:
    return ticket.requester.department if ticket.requester else None


def _tasks(ticket: Ticket) -> str:
    done = ticket.children_total - ticket.children_open
    return f"{done}/{ticket.children_total}" if ticket.children_total else ""


def _item_names() -> ArraySubquery:
    """Identifiers of the configuration items that a ticket is about."""
    found = AffectedItem.objects.filter(ticket=OuterRef("pk")).order_by("item__identifier")
    return ArraySubquery(found.values("item__identifier"))


def _number(name: str) -> Callable[[Ticket], Any]:
    return lambda ticket: getattr(ticket, name).number if getattr(ticket, f"{name}_id") else ""


COLUMNS: dict[str, ListColumn] = {
    column.code: column
    for column in (
        _attribute("number", _("Number"), sort="number"),
        _attribute("summary", _("Summary"), sort="summary"),
        ListColumn(code="kind", label=_("Kind"), value=lambda ticket: ticket.kind_info.label, sort="kind"),
        ListColumn(code="state", label=_("State"), value=lambda ticket: ticket.state_label, sort="state"),
        ListColumn(code="phase", label=_("Phase"), value=lambda ticket: Phase(ticket.phase).label, sort="phase"),
        _named("priority", _("Priority"), sort="priority"),
        ListColumn(code="due_at", label=_("Limit"), value=_due, sort="due_at"),
        _named("group", _("Group"), sort="group"),
        _named("assignee", _("Assignee"), _PERSON, sort="assignee"),
        ListColumn(
            code="held_at_limit",
            label=_("Had it at the limit"),
            value=holders,
            loads=("planned_completion_at", "completed_in_time", "waiting_since", *_paths("group", "assignee")),
            counts=at_limit,
            staff=True,
        ),
        _named("business_system", _("Business system"), sort="business_system"),
        _named("category", _("Category"), ("path_zh", "path_en"), sort="category"),
        _named("nature", _("Nature"), sort="nature"),
        _named("source", _("Source"), sort="source"),
        _named("impact", _("Impact")),
        _named("urgency", _("Urgency")),
        ListColumn(
            code="complexity",
            label=_("Difficulty"),
            value=lambda ticket: DIFFICULTY.get(ticket.complexity, ""),
            loads=("complexity",),
            sort="complexity",
            staff=True,
        ),
        ListColumn(
            code="items",
            label=_("Configuration items"),
            value=lambda ticket: ", ".join(getattr(ticket, "item_names", None) or ()),
            counts=lambda: {"item_names": _item_names()},
            staff=True,
        ),
        _named("organisation", _("Organisation"), sort="organisation"),
        _named("requester", _("Requester"), _PERSON, sort="requester"),
        ListColumn(
            code="department",
            label=_("Department"),
            value=_department,
            loads=tuple(f"requester__department__{column}" for column in _NAMES),
        ),
        _attribute("contact_phone", _("Phone")),
        _attribute("contact_email", _("Email")),
        _named("registered_by", _("Registered by"), _PERSON),
        _named("supplier", _("Supplier"), staff=True),
        _attribute("created_at", _("Created"), sort="created_at"),
        _attribute("updated_at", _("Updated"), sort="updated_at"),
        _attribute("assigned_at", _("Assigned"), sort="assigned_at"),
        _attribute("planned_response_at", _("Planned response"), sort="planned_response_at"),
        _attribute("responded_at", _("Actual response"), sort="responded_at"),
        _attribute("dispatched_in_time", _("Dispatched in time"), staff=True),
        _attribute("responded_in_time", _("Responded in time"), staff=True),
        _attribute("planned_completion_at", _("Planned completion"), sort="planned_completion_at"),
        _attribute("resolved_at", _("Actual completion"), sort="resolved_at"),
        _attribute("completed_in_time", _("Completed in time"), staff=True),
        _attribute("closed_at", pgettext_lazy("time", "Closed"), sort="closed_at"),
        _attribute("agreed_at", _("Agreed time"), sort="agreed_at"),
        ListColumn(
            code="agreed_kept",
            label=_("Agreed time kept"),
            value=lambda ticket: ticket.agreed_kept,
            loads=("agreed_at", "resolved_at"),
            staff=True,
        ),
        _attribute("escalated_at", _("Escalated since"), sort="escalated_at", staff=True),
        _attribute("closes_at", _("Closes by itself"), sort="closes_at"),
        _named("wait_reason", _("Waits for")),
        _attribute("wait_until", _("Waits until")),
        _attribute("wait_count", _("Times waited"), staff=True),
        _attribute("reopen_count", _("Times reopened"), sort="reopen_count"),
        _attribute("urge_count", _("Times urged"), sort="urge_count"),
        ListColumn(code="tasks", label=_("Tasks"), value=_tasks, staff=True),
        ListColumn(code="parent", label=_("Part of"), value=_number("parent"), loads=("parent__number",), staff=True),
        ListColumn(
            code="duplicate_of",
            label=_("Duplicate of"),
            value=_number("duplicate_of"),
            loads=("duplicate_of__number",),
            staff=True,
        ),
        _named("satisfaction", _("Satisfaction")),
        _attribute("satisfaction_heard", _("Satisfaction noted by staff")),
        _attribute("external_number", _("Number in the other system"), sort="external_number", staff=True),
        _attribute("description", _("Description"), wide=True),
        _attribute("agreed_reason", _("Reason for the agreed time"), wide=True),
        _attribute("satisfaction_comment", _("Comment on satisfaction"), wide=True),
    )
}
#: What a table shows until somebody chooses.
USUAL = ("number", "summary", "priority", "state", "due_at", "group", "assignee", "business_system", "created_at")


def add_columns(*columns: ListColumn) -> None:
    """Let lists and exports show what only one kind has; said once, when the kind's app starts (TKT-08)."""
    COLUMNS.update({column.code: column for column in columns})


def own_columns(kind: str) -> Callable[..., ListColumn]:
    """What makes columns that only ``kind`` has, for staff: of (name, label, paths that it loads, …).

    They read the row of the kind, and are empty for tickets of other kinds. ``shown``: what of the row is read,
    where it is not the column itself.
    """

    def make(name: str, label: Any, *paths: str, shown: str = "", **more: Any) -> ListColumn:
        def read(ticket: Ticket) -> Any:
            row = getattr(ticket, kind, None)
            value = getattr(row, shown or name, None)
            return value() if callable(value) else value

        loads = tuple(f"{kind}__{path}" for path in paths or (name,))
        return ListColumn(code=name, label=label, value=read, loads=loads, staff=True, kind=kind, **more)

    return make


def offered_columns(user: User, *, wide: bool = False, kind: Kind | None = None) -> dict[str, ListColumn]:
    """Columns by code that ``user`` may read; the ``wide`` ones for exports; of kinds that of the list's own."""
    known = set(known_to(user, COLUMNS))
    return {
        code: column
        for code, column in COLUMNS.items()
        if code in known and (wide or not column.wide) and (kind is None or column.kind in ("", kind.code))
    }


def usual_columns(kind: Kind | None) -> tuple[str, ...]:
    """What a table shows until somebody chooses: a kind that is graded otherwise has its level or type there."""
    own = kind.grade_column if kind else ""
    return tuple(own if code == "priority" and own in COLUMNS else code for code in USUAL)


def chosen_columns(
    codes: Iterable[str], user: User, *, wide: bool = False, kind: Kind | None = None
) -> list[ListColumn]:
    """The named columns that ``user`` may read, in the order given, each once; the usual ones when none is left."""
    offered = offered_columns(user, wide=wide, kind=kind)
    found = [offered[code] for code in dict.fromkeys(codes) if code in offered]
    return found or [offered[code] for code in usual_columns(kind) if code in offered]


def with_columns(found: Any, columns: Iterable[ListColumn]) -> Any:
    """Load what ``columns`` read beside what every row has, in one query."""
    chosen = list(columns)
    relations = sorted({path for column in chosen for path in column.relations})
    found = found.for_rows(also=[path for column in chosen for path in column.loads], join=relations)
    counted = {name: made for column in chosen for name, made in column.counts().items()}
    return found.annotate(**counted) if counted else found
