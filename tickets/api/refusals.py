"""What the five errors of actions mean to programs: the one place where they become statuses."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.encoding import force_str
from rest_framework.request import Request

from itsm.api.problems import NO_FIELD, Problem, problem_of
from itsm.api.versions import sent_version
from tickets.api.lines import entry_data
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound, TicketChanged
from tickets.timeline import changes_since


@problem_of.register
def of_unknown_action(error: ActionNotFound, request: Request) -> Problem:
    """Never says whether the action or the ticket is missing."""
    return Problem(404)


@problem_of.register
def of_forbidden_action(error: ActionForbidden, request: Request) -> Problem:
    """Visible, but not for this person."""
    return Problem(403, error.message)


@problem_of.register
def of_conflict(error: ActionConflict, request: Request) -> Problem:
    """With what is possible instead."""
    return Problem(409, error.message, extra={"possible": error.possible})


@problem_of.register
def of_invalid_input(error: ActionInvalid, request: Request) -> Problem:
    """By field."""
    return Problem(400, errors=_by_field(error.form.errors))


@problem_of.register
def of_refused_file(error: ValidationError, request: Request) -> Problem:
    """What only the storing of files finds out: the ticket's quota is used up."""
    return Problem(400, errors={NO_FIELD: [force_str(text) for text in error.messages]})


@problem_of.register
def of_changed_ticket(error: TicketChanged, request: Request) -> Problem:
    """With the version as it stands now and what happened since the one that was sent."""
    ticket, sent = error.ticket, sent_version(request) or 0
    lines = changes_since(ticket, sent, request.user) if sent > 0 else []  # type: ignore[arg-type]
    extra = {"current_version": ticket.version, "changes": [entry_data(line) for line in lines]}
    return Problem(412, error.message, extra=extra)


def _by_field(errors: Any) -> dict[str, list[str]]:
    named = {NO_FIELD if name == NON_FIELD_ERRORS else name: texts for name, texts in errors.items()}
    return {name: [force_str(text) for text in texts] for name, texts in named.items()}
