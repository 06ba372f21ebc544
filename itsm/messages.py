"""Collects, checks and compiles translations with Babel, so that GNU gettext need not be installed.

Besides the usual calls these are collected: docstrings of functions declared in an ``ActionSet``, which pages show as
help, and the texts of ``locale/third_party.pot``, which libraries show and do not translate (or not as we would).
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize
from django.utils.translation.reloader import translation_file_changed

from itsm.docstrings import help_text
from itsm.sources import project_files

KEYWORDS: dict[str, Any] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
THIRD_PARTY = Path("locale/third_party.pot")
NOT_TRANSLATED = frozenset({"tests", "bench", "docs", "locale", "migrations"})
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")
WIDTH = 110


@dataclass
class Report:
    """What is wrong with a catalogue; each list holds the English texts."""

    missing: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())


def collect(base_dir: Path) -> Catalog:
    """Return all texts of our templates and Python files, with the files that use them."""
    catalog = Catalog(project="itsm", charset="utf-8")
    for path in project_files(base_dir, ".py", ".html", ".txt", skip=NOT_TRANSLATED):
        name = path.relative_to(base_dir).as_posix()
        for _line, text, comments, context in _texts(path):
            catalog.add(text, locations=[(name, 1)], auto_comments=comments, context=context)
    for message in _third_party(base_dir / THIRD_PARTY):
        catalog.add(message.id, locations=[(THIRD_PARTY.as_posix(), 1)], context=message.context)
    return catalog


def update(po_file: Path, found: Catalog) -> Catalog:
    """Bring ``po_file`` in line with the sources: translations stay, new texts join empty, unused ones go."""
    catalog = read(po_file)
    found.creation_date = catalog.creation_date  # a date that changes at every run only makes noise
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    buffer = BytesIO()
    write_po(buffer, catalog, width=WIDTH, sort_output=True, include_lineno=False)
    po_file.parent.mkdir(parents=True, exist_ok=True)
    po_file.write_bytes(buffer.getvalue())
    return catalog


def check(po_file: Path, found: Catalog) -> Report:
    """Return what keeps the translation from being complete: untranslated, fuzzy, unused or broken texts."""
    catalog = read(po_file)
    report = Report()
    for message in _entries(found):
        translated = catalog.get(message.id, context=message.context)
        if translated is None or not _is_translated(translated):
            report.missing.append(_title(message))
    for message in _entries(catalog):
        if found.get(message.id, context=message.context) is None:
            report.stale.append(_title(message))
        if message.fuzzy:
            report.fuzzy.append(_title(message))
        if not _placeholders_agree(message):
            report.broken.append(_title(message))
    return report


def compile_catalogue(po_file: Path) -> Path:
    """Write the binary form beside ``po_file`` and return its path; fuzzy texts stay out.

    A process that has read the texts already reads them anew: in a fresh clone there were none when it began, and
    what it goes on to store in both languages would be English in both.
    """
    target = po_file.with_suffix(".mo")
    buffer = BytesIO()
    write_mo(buffer, read(po_file))
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_bytes() != buffer.getvalue():
        target.write_bytes(buffer.getvalue())
        translation_file_changed(sender=None, file_path=target)
    return target


def read(po_file: Path) -> Catalog:
    """Return the catalogue of ``locale/xx_Yyyy/LC_MESSAGES/django.po``, empty when the file is not there yet."""
    language = po_file.parent.parent.name
    if not po_file.exists():
        header = {"header_comment": "# Texts of the portal; kept by `manage.py messages`.", "version": "1"}
        names = {"last_translator": "the contributors", "language_team": "the contributors"}
        return Catalog(locale=language, project="itsm", charset="utf-8", fuzzy=False, **header, **names)
    with po_file.open("rb") as handle:
        return read_po(handle, locale=language)


def _texts(path: Path) -> Iterator[tuple[int, Any, list[str], str | None]]:
    """Yield (line, text or texts, comments, context). A template is first turned into calls of gettext by Django."""
    source = path.read_text()
    if path.suffix != ".py":
        # The brackets keep the Python tokeniser from minding the indentation of HTML.
        source = f"({templatize(source, origin=str(path))})"
    options = {"encoding": "utf-8"}
    yield from extract(
        "python", BytesIO(source.encode()), KEYWORDS, ("Translators:",), options, strip_comment_tags=True
    )
    if path.suffix == ".py":
        yield from ((line, text, [], None) for line, text in _helps(source))


def _helps(source: str) -> Iterator[tuple[int, str]]:
    """Yield the help of every action that a Python file declares: see ``tickets.lifecycle.ActionSet``."""
    if ".action(" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and any(map(_declares_action, node.decorator_list)):
            yield node.lineno, help_text(ast.get_docstring(node))


def _declares_action(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == "action"
        and any(keyword.arg == "done" for keyword in decorator.keywords)
    )


def _third_party(pot_file: Path) -> list[Message]:
    if not pot_file.exists():
        return []
    with pot_file.open("rb") as handle:
        return list(_entries(read_po(handle)))


def _entries(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _is_translated(message: Message) -> bool:
    return all(_forms(message.string))


def _placeholders_agree(message: Message) -> bool:
    """Tell whether every translation uses the named placeholders of the English text, in singular or plural."""
    singular, plural = (_placeholders(text) for text in (_forms(message.id)[0], _forms(message.id)[-1]))
    return all(_placeholders(text) in (singular, plural, singular | plural) for text in _forms(message.string) if text)


def _placeholders(text: str) -> set[str]:
    return {found.group() for found in PLACEHOLDER.finditer(text)}


def _forms(texts: str | Sequence[str] | None) -> Sequence[str]:
    """Return the one text, or singular and plural, as a list."""
    return [texts or ""] if texts is None or isinstance(texts, str) else texts


def _title(message: Message) -> str:
    text = _forms(message.id)[0]
    return f"[{message.context}] {text}" if message.context else text
