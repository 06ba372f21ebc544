"""The five ways in which a step can be refused, of a ticket or of any other record (style.md, convention 3)."""

from __future__ import annotations

from typing import Any


class ActionError(Exception):
    """An action was refused and nothing changed; ``message`` tells a person why."""

    def __init__(self, message: Any = "") -> None:
        super().__init__(message)
        self.message = message


class ActionNotFound(ActionError):
    """There is no such action, or the person does not see the record (which of them is not revealed)."""


class ActionForbidden(ActionError):
    """The person sees the record, but may not do this."""


class ActionConflict(ActionError):
    """The record is not in a state in which this is possible, or a guard says no.

    ``possible``: names of what the person may do now.
    """

    def __init__(self, message: Any, possible: list[str] | None = None) -> None:
        super().__init__(message)
        self.possible = possible or []


class ActionInvalid(ActionError):
    """The input does not pass; ``form`` is bound and carries the errors."""

    def __init__(self, form: Any) -> None:
        super().__init__(form.errors)
        self.form = form


class RecordChanged(ActionError):
    """Somebody changed the record since the person read it; ``record`` is as it stands now."""

    def __init__(self, message: Any, record: Any) -> None:
        super().__init__(message)
        self.record = record
