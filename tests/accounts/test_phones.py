"""Numbers of callers in one normal form, however they are written and dialled (INC-02)."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.phones import dialled, keys_of, normal
from tests.factories import World, make_user

pytestmark = [pytest.mark.req("INC-02")]

SHANGHAI, MOBILE = "+862168881234", "+8613800138000"


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("021-6888-1234", [SHANGHAI]),
        ("021 68881234", [SHANGHAI]),
        ("(021)68881234", [SHANGHAI]),
        ("（021）6888－1234", [SHANGHAI]),
        ("０２１６８８８１２３４", [SHANGHAI]),
        ("+862168881234", [SHANGHAI]),
        ("00862168881234", [SHANGHAI]),
        ("862168881234", [SHANGHAI]),
        ("+86 (0)21 6888 1234", [SHANGHAI]),
        ("9 021 6888 1234", [SHANGHAI]),
        ("021-68881234转8012", [f"{SHANGHAI};ext=8012"]),
        ("021-68881234 ext. 8012", [f"{SHANGHAI};ext=8012"]),
        ("021-68881234#8012", [f"{SHANGHAI};ext=8012"]),
        ("021-68881234；13800138000", [SHANGHAI, MOBILE]),
        ("021-68881234/68881235", [SHANGHAI, "68881235"]),
        ("13800138000", [MOBILE]),
        ("138 0013 8000", [MOBILE]),
        ("138-0013-8000", [MOBILE]),
        ("+8613800138000", [MOBILE]),
        ("+86 138 0013 8000", [MOBILE]),
        ("8613800138000", [MOBILE]),
        ("013800138000", [MOBILE]),
        ("913800138000", [MOBILE]),
        ("010-65551234", ["+861065551234"]),
        ("0512-6555123", ["+865126555123"]),
        ("0512-65551234", ["+8651265551234"]),
        ("400-820-8820", ["+864008208820"]),
        ("95588", ["95588"]),
        ("000-0000-1001", ["00000001001"]),
        ("8012", ["8012"]),
        ("转8012", ["8012"]),
        ("68881234", ["68881234"]),
        ("+1 (212) 555-0100", ["+12125550100"]),
        ("+49 30 901820", ["+4930901820"]),
        ("", []),
        ("无", []),
    ],
)
def test_every_spelling_has_one_normal_form(typed: str, numbers: list[str]) -> None:
    assert normal(typed) == numbers
    assert dialled(typed) == (numbers[0] if numbers else "")
    again = [key for number in numbers for key in normal(number)]
    assert again == numbers  # the normal form is its own


def test_people_are_found_without_their_extension_too() -> None:
    assert keys_of("021-68881234转8012", "138 0013 8000") == [f"{SHANGHAI};ext=8012", SHANGHAI, MOBILE]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stored", "dialled_as"),
    [
        ("021-6888-1234", "+862168881234"),
        ("021-6888-1234", "00862168881234"),
        ("021-68881234转8012", "021 6888 1234"),
        ("63001122；０２１－６８８８１２３４", "+862168881234"),
        ("138 0013 8000", "+8613800138000"),
        ("+86 13800138000", "013800138000"),
    ],
)
def test_a_caller_is_found_whatever_the_telephone_system_says(world: World, stored: str, dialled_as: str) -> None:
    person = make_user("caller", "requester", phone=stored)
    everybody = User.objects.visible_to(world.desk)

    assert list(everybody.with_phone(dialled_as)) == [person]
    assert person in everybody.matching(dialled_as)


@pytest.mark.django_db
def test_a_number_that_differs_in_one_digit_is_somebody_else(world: World) -> None:
    person = make_user("caller", "requester", mobile="13800138000")
    everybody = User.objects.visible_to(world.desk)

    assert not everybody.matching("138 0013 8001").exists()
    assert list(everybody.matching("138 0013 8000")) == [person]
    assert list(everybody.matching("0013 80")) == [person]  # a part, as it is remembered
    person.mobile = "13900139000"
    person.save()
    assert not everybody.with_phone("13800138000").exists()
    assert list(everybody.with_phone("+8613900139000")) == [person]
