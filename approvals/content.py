"""What an approval is of: the readable copy of a ticket's fields of substance, its digest, and differences."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.timezone import localtime

from accounts.codes import LANGUAGES, in_both, in_language
from approvals.questions import Line, Question
from tickets.forms import json_value


def lines_of(question: Question, ticket: Any) -> list[Line]:
    """The fields of substance of ``ticket``, readable in both languages: {name, zh, en, value}."""
    ticket = ticket.specific
    columns = [ticket._meta.get_field(name) for name in question.fields]
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


def shown(value: Any) -> str:
    """A value for people, in the active language and time zone."""
    if value in (None, "", []):
        return "—"
    if isinstance(value, dict) and "parts" in value:
        return " · ".join(shown(part) for part in value["parts"])
    if isinstance(value, dict) and "from" in value:
        return " – ".join(shown(moment) for moment in (value["from"], value["to"]) if moment)
    if isinstance(value, dict):
        return str(in_language(value.get("zh", ""), value.get("en", "")) or value.get("id", ""))
    if isinstance(value, list):
        return "\n".join(shown(one) for one in value)
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and (moment := _moment(value)):
        return localtime(moment).strftime("%Y-%m-%d %H:%M")
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


def difference_text(rows: list[dict[str, Any]], language: str) -> str:
    """The differences as lines of text in ``language`` ("zh" or "en"), for notices."""
    with translation.override(LANGUAGES[language]):
        return "\n".join(f"{row[language]}: {shown(row['old'])} → {shown(row['new'])}" for row in rows)
