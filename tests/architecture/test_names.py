"""A name means one thing: what is defined twice is found here, not by whoever reaches the wrong one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.views.generic import RedirectView

from tests.architecture.sources import APPS, ROOT

pytestmark = pytest.mark.req("API-01")

#: Addresses of libraries that the portal answers itself: its own line stands first.
OURS_FIRST = {"accounts/login/", "accounts/email/", "admin/jsi18n/"}
#: Of a library, which opens one view under two addresses.
LIBRARIES = ("admin:", "account_", "mfa_", "usersessions_")


def addresses(resolver: URLResolver, before: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every address with its full name; the name is empty where it has none."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, ":".join([*spaces, pattern.name]) if pattern.name else ""
        else:
            yield from addresses(pattern, route, (*spaces, pattern.namespace) if pattern.namespace else spaces)


def defined_twice(pairs: Iterator[tuple[str, str]]) -> dict[str, set[str]]:
    """Names that stand for more than one thing, with what they stand for."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, meaning in pairs:
        if name:
            found[name].add(meaning)
    return {name: meanings for name, meanings in found.items() if len(meanings) > 1}


def test_a_url_name_stands_for_one_address() -> None:
    names = ((name, route) for route, name in addresses(get_resolver()) if not name.startswith(LIBRARIES))

    assert defined_twice(names) == {}


def test_an_address_is_answered_by_one_view() -> None:
    found: dict[str, int] = defaultdict(int)
    for route, _name in addresses(get_resolver()):
        found[route] += 1

    assert {route for route, count in found.items() if count > 1} == OURS_FIRST


def test_a_command_belongs_to_one_app() -> None:
    folders = ((app, ROOT / app / "management" / "commands") for app in [*APPS, "itsm"])
    commands = ((file.stem, app) for app, folder in folders for file in folder.glob("[!_]*.py"))

    assert defined_twice(commands) == {}


def test_a_template_tag_has_one_meaning() -> None:
    libraries = engines["django"].engine.template_libraries  # type: ignore[attr-defined]  # Django's own engine
    ours = {name: tags for name, tags in libraries.items() if module_of(tags).split(".")[0] in {*APPS, "itsm"}}
    names = ((tag, name) for name, library in ours.items() for tag in [*library.tags, *library.filters])

    assert defined_twice(names) == {}
    assert ours


def module_of(library: object) -> str:
    """Where the first tag or filter of a library was written."""
    functions = [*getattr(library, "tags", {}).values(), *getattr(library, "filters", {}).values()]
    return functions[0].__module__ if functions else ""


def test_a_name_defined_twice_would_be_noticed() -> None:
    class Twice:
        url_patterns = [path(route, RedirectView.as_view(), name="a") for route in ("a/", "b/")]

    names = ((name, route) for route, name in addresses(Twice))  # type: ignore[arg-type]

    assert defined_twice(names) == {"a": {"a/", "b/"}}


@pytest.mark.req("UX-01")
def test_a_class_of_pages_is_styled_by_one_file() -> None:
    """Files of pages are read one after another: a name that two of them use means what the last one says."""
    files: dict[str, set[str]] = defaultdict(set)
    for path_ in sorted((ROOT / "static/css").glob("8-*.css")):
        text = re.sub(r"/\*.*?\*/", "", path_.read_text(encoding="utf-8"), flags=re.DOTALL)
        for rule in re.findall(r"^(\.[^{}@]+)\{", text, flags=re.MULTILINE):
            for name in re.findall(r"(?:^|,\s*)\.([\w-]+)\s*(?=,|$)", rule.strip()):
                files[name].add(path_.name)

    assert {name: sorted(found) for name, found in files.items() if len(found) > 1} == {}
