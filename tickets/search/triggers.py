"""The triggers by which the search learns of texts that only a kind of ticket has."""

from __future__ import annotations

from collections.abc import Sequence

import pgtrigger


def searched_texts(*, public: Sequence[str] = (), internal: Sequence[str] = ()) -> list[pgtrigger.Trigger]:
    """Triggers for the model of a kind: its text columns become part of the ticket's search document.

    ``public`` columns are found by requesters too.
    """
    columns = [*public, *internal]
    func = f"""
        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, {_joined(internal)}, {_joined(public)});
        RETURN NULL;
    """
    filled = " OR ".join(f"NEW.{column} <> ''" for column in columns)
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return [
        pgtrigger.Trigger(
            name="search_own_texts_added",
            operation=pgtrigger.Insert,
            when=pgtrigger.After,
            condition=pgtrigger.Condition(filled),
            func=func,
        ),
        pgtrigger.Trigger(
            name="search_own_texts_changed",
            operation=pgtrigger.UpdateOf(*columns),
            when=pgtrigger.After,
            condition=pgtrigger.Condition(f"ROW({old}) IS DISTINCT FROM ROW({new})"),
            func=func,
        ),
    ]


def _joined(columns: Sequence[str]) -> str:
    """The texts of ``columns`` as one, apart."""
    values = ", ".join(f"NULLIF(NEW.{column}, '')" for column in columns)
    return f"concat_ws(E'\\x1e', {values})" if columns else "''"
