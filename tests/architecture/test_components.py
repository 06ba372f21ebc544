"""Components say what they are given, and get exactly that: misuse is an error."""

from __future__ import annotations

import pytest
from django.template import engines

from tests.architecture.components import PLACE, Use, components, declared, parsed, read_by, read_within, uses, uses_in

pytestmark = pytest.mark.req("UX-01")


def misuse(use: Use, known: dict[str, bool]) -> str:
    """What is wrong with how a component is given what it says that it needs; empty: nothing."""
    missing = sorted({name for name, needed in known.items() if needed} - use.names)
    unknown = sorted(use.names - known.keys())
    said = [
        f"does not give {', '.join(missing)}" if missing else "",
        f"gives the unknown {', '.join(unknown)}" if unknown else "",
        "" if use.only else "gives everything: say only",
    ]
    return "; ".join(filter(None, said))


@pytest.mark.slow
def test_components_say_exactly_what_they_read() -> None:
    known = components()
    said = {name: sorted(inputs) for name, inputs in known.items()}

    assert said == {name: sorted(read_by(parsed(name))) for name in known}


@pytest.mark.slow
def test_components_are_given_exactly_what_they_say() -> None:
    known = components()
    found = [(use, misuse(use, known[use.part])) for use in uses() if use.part.startswith(PLACE)]

    assert len(found) > 300
    assert [f"{use.template}, {use.part}: {wrong}" for use, wrong in found if wrong] == []


@pytest.mark.slow
def test_parts_of_pages_read_what_they_are_given() -> None:
    parts = [use for use in uses() if not use.part.startswith(PLACE)]
    unread = [(use, sorted(use.names - read_within(use.part))) for use in parts]

    assert [f"{use.template} gives {use.part} {', '.join(names)}" for use, names in unread if names] == []


@pytest.mark.slow
@pytest.mark.req("SYS-04")
def test_parts_with_forms_are_given_the_token_without_which_nothing_is_accepted() -> None:
    needing = [use for use in uses() if use.only and "csrf_token" in read_within(use.part)]

    assert [f"{use.template}, {use.part}" for use in needing if "csrf_token" not in use.names] == []


# --- What the rules make of misuse ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("label=a only", ""),
        ("label=a tone=b title=c only", ""),
        ("tone=b only", "does not give label"),
        ("label=a colour=b only", "gives the unknown colour"),
        ("label=a", "gives everything: say only"),
    ],
)
def test_misuse_of_a_component_is_named(given: str, wrong: str) -> None:
    source = engines["django"].from_string(f'{{% include "components/badge.html" with {given} %}}')
    (use,) = uses_in("page", source.template.nodelist)  # type: ignore[attr-defined]

    assert misuse(use, components()["components/badge.html"]) == wrong


@pytest.mark.parametrize(
    ("head", "inputs"),
    [
        ("No inputs.", {}),
        ("A line. row: {id, name: str}; wide: bool (False)", {"row": True, "wide": False}),
        ('components/x.html — a, b: str (""); csrf_token', {"a": False, "b": False, "csrf_token": True}),
        ("Where a thing: is. one: [{a; b: c}], two words; form (None); due: when (soon) it is", None),
    ],
)
def test_a_declaration_is_read_as_it_is_written(head: str, inputs: dict[str, bool] | None) -> None:
    assert declared(head) == ({"one": True, "form": False, "due": True} if inputs is None else inputs)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{% for row in rows %}{{ row.name|default:other }}{{ forloop.counter }}{% endfor %}", {"rows", "other"}),
        ("{% with a=b %}{{ a }}{% endwith %}{% if c and not d == 'x' %}{% endif %}", {"b", "c", "d"}),
        (
            "{% load i18n %}{% blocktranslate %}{{ who }} did{% endblocktranslate %}{% csrf_token %}",
            {"who", "csrf_token"},
        ),
        ('{% include "components/badge.html" with label=text only %}', {"text"}),
    ],
)
def test_what_a_template_reads_is_found(source: str, names: set[str]) -> None:
    template = engines["django"].from_string(source)

    assert read_by(template.template.nodelist) == names  # type: ignore[attr-defined]
