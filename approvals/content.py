"""What an approval is of: the readable copy of a ticket's fields of substance, its digest, and differences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.timezone import localtime

from accounts.codes import in_both, in_language
from approvals.questions import Line, Question
from itsm.moments import moment_for_all
from tickets.forms import json_value


def lines_of(question: Question, ticket: Any, asked: list[Line] | None = None) -> list[Line]:
    """The fields of substance of ``ticket``, readable in both languages: {name, zh, en, value}.

    ``asked``: the content of a round, to which they are compared. It binds to the columns that were of substance when
    it was asked: one that a later release added says nothing against what was approved before.
    """
    ticket = ticket.specific
    known = {line["name"] for line in asked} if asked is not None else question.fields
    columns = [ticket._meta.get_field(name) for name in question.fields if name in known]
    own = [
        line_of(column.name, column.verbose_name, json_value(getattr(ticket, column.name)), column.flatchoices)
        for column in columns
    ]
    return [*own, *question.also(ticket)]


def line_of(name: str, label: Any, value: Any, choices: Any = ()) -> Line:
    """A line with its label in both languages; a value from a fixed list is named in both, too."""
    return {"name": name, **_both(label), "value": _chosen(value, choices)}


def _both(text: Any) -> dict[str, str]:
    return in_both(lambda: capfirst(str(text)))


def _chosen(value: Any, choices: Any) -> Any:
    label = dict(choices).get(value) if choices and isinstance(value, str) and value else None
    return value if label is None else {"id": value, **_both(label)}


def in_parts(text: str, parts: list[Any]) -> dict[str, Any]:
    """A value of several parts, each shown to its reader like a value of its own; ``text`` is what is compared.

    Two moments of a span are a part {from, to}.
    """
    return {"id": " ".join(text.split()), "parts": parts}


def digest_of(lines: list[Line]) -> str:
    """Changes with any value of substance; names and labels do not count."""
    values = [(line["name"], _essence(line["value"])) for line in lines]
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _essence(value: Any) -> Any:
    """A row by its code, so that renaming it lets nothing fall; text without what the eye cannot see."""
    if isinstance(value, dict) and "id" in value:
        return value["id"]
    if isinstance(value, list):
        return [_essence(one) for one in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def difference(old: list[Line], new: list[Line]) -> list[dict[str, Any]]:
    """Lines of substance that differ: {name, zh, en, old, new}."""
    before = {line["name"]: line for line in old}
    after = {line["name"]: line for line in new}
    return [
        {
            "name": name,
            "zh": (after.get(name) or before[name])["zh"],
            "en": (after.get(name) or before[name])["en"],
            "old": before.get(name, {}).get("value"),
            "new": after.get(name, {}).get("value"),
        }
        for name in dict.fromkeys([*before, *after])
        if _essence(before.get(name, {}).get("value")) != _essence(after.get(name, {}).get("value"))
    ]


def _for_reader(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M")


def shown(value: Any, when: Callable[[datetime], str] = _for_reader) -> str:
    """A value for people, in the active language; ``when`` tells moments, in the active time zone unless given."""
    if value in (None, "", []):
        return "—"
    if isinstance(value, dict) and "parts" in value:
        return " · ".join(shown(part, when) for part in value["parts"])
    if isinstance(value, dict) and "from" in value:
        return " – ".join(shown(moment, when) for moment in (value["from"], value["to"]) if moment)
    if isinstance(value, dict):
        return str(in_language(value.get("zh", ""), value.get("en", "")) or value.get("id", ""))
    if isinstance(value, list):
        return "\n".join(shown(one, when) for one in value)
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and (moment := _moment(value)):
        return when(moment)
    return str(value)


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def labelled(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines or differences with ``label`` and their values as people read them."""
    return [
        {
            "name": line["name"],
            "label": in_language(line["zh"], line["en"]),
            **{key: shown(line[key]) for key in ("value", "old", "new") if key in line},
        }
        for line in lines
    ]


def difference_text(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The differences as lines of text in both languages, for notices: all read them, in whatever zone they are."""
    return in_both(lambda: "\n".join(_difference_line(row) for row in rows))


def _difference_line(row: dict[str, Any]) -> str:
    old, new = (shown(row[key], moment_for_all) for key in ("old", "new"))
    return f"{in_language(row['zh'], row['en'])}: {old} → {new}"
