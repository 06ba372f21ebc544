"""Adding a family touches nothing in ``records/``: the loan gets everything that records have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from accounts.models import User
from records.actions import perform
from records.checks import problems_of
from records.errors import ActionConflict
from records.lifecycle import family_of
from records.queries import lines_of
from tests.factories import MONDAY, World
from tests.records.subjects import record_in
from tests.second_family.lifecycle import States
from tests.second_family.models import Loan

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]

Browse = Callable[[User | None], Client]


def test_a_guard_says_why(world: World) -> None:
    loan = record_in("loan", "lent", world)
    with pytest.raises(ActionConflict, match="Somebody else has it"):
        perform(loan, "lose", user=world.engineer2, now=MONDAY)


def test_the_effect_is_written_with_the_step_or_not_at_all(world: World) -> None:
    loan = record_in("loan", "back", world)
    assert loan.wears.count() == 1  # type: ignore[attr-defined]
    assert [line["done"] for line in lines_of(loan)] == ["Back", "Lent"]
    changed = lines_of(loan)[0]["changes"]
    assert changed == [{"label": "shape", "old": "", "new": "good"}]


@pytest.mark.urls("tests.second_family.urls")
def test_the_page_asks_what_the_step_asks(world: World, browse: Browse) -> None:
    loan, client = record_in("loan", "lent", world), browse(world.engineer)
    address = f"/loans/{loan.pk}/give_back/"
    assert 'name="shape"' in client.get(address).content.decode()
    refused = client.post(address, {"shape": ""})
    assert (refused.status_code, 'id="id_shape_error"' in refused.content.decode()) == (422, True)

    assert client.post(address, {"shape": "scratched", "version": loan.version}).status_code == 302
    assert Loan.objects.get().shape == "scratched"
    assert client.post(address, {"shape": "good", "version": loan.version}, follow=True).status_code == 200
    assert (Loan.objects.get().shape, loan.log.count()) == ("scratched", 2)  # type: ignore[attr-defined]


@pytest.mark.urls("tests.second_family.urls")
def test_the_page_is_for_those_who_may(world: World, browse: Browse) -> None:
    loan = record_in("loan", "lent", world)
    reader, address = browse(world.requester), f"/loans/{loan.pk}/give_back/"
    assert [reader.get(address).status_code, reader.post(address).status_code] == [403, 403]
    found = browse(world.engineer)
    assert [found.get(f"/loans/{loan.pk}/{name}/").status_code for name in ("lose", "lend", "nonsense")] == [
        405,
        404,
        404,
    ]
    assert found.post(f"/loans/{loan.pk + 1}/lose/").status_code == 404


def test_declarations_that_cannot_work_are_refused() -> None:
    family = family_of(Loan)
    steps = dict(family.actions)
    steps["lend"] = replace(steps["lend"], allow=None, help="", sources=("nowhere",), target="somewhere")
    broken = replace(family)
    broken.__dict__["actions"] = steps

    assert sorted(problems_of(broken)) == [
        "loan.lend has no docstring: it is the help text.",
        "loan.lend has no rule: declare allow=, or system=True.",
        "loan.lend: unknown source nowhere.",
        "loan.lend: unknown target somewhere.",
        f"loan: no step leads to {States.LENT.value}.",
    ]
