"""Codes and user names are stable, fit, and tell different names apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importing.names import code_of, path_code_of, username_of

pytestmark = pytest.mark.req("ADM-04")

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=100)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Group 70", "imported-group-70"),
        ("cmdb_ci 31", "imported-cmdb_ci-31"),
        ("R&D", "imported-rd-dacc7c16"),
        ("网络组", "imported-8a7fae3c"),
    ],
)
def test_code_says_the_name_as_far_as_it_can(name: str, code: str) -> None:
    assert code_of(name, "imported-", 40) == code


def test_username_without_prefix_matches_existing_people() -> None:
    assert username_of("Zhang.San@example.com", "") == "zhang.san@example.com"
    assert username_of("Caller 2403", "imported-") == "imported-caller-2403"


@given(st.lists(NAMES, min_size=2, max_size=2))
def test_different_names_have_different_codes_that_fit(names: list[str]) -> None:
    codes = [code_of(name, "imported-", 40) for name in names]
    assert all(0 < len(code) <= 40 for code in codes)
    assert (codes[0] == codes[1]) == (names[0].lower() == names[1].lower())


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=2, max_size=2))
def test_different_paths_have_different_codes_that_fit(paths: list[tuple[str, ...]]) -> None:
    codes = [path_code_of(path, "imported-", 80) for path in paths]
    lowered = [tuple(name.lower() for name in path) for path in paths]
    assert all(0 < len(code) <= 80 for code in codes)
    assert (codes[0] == codes[1]) == (lowered[0] == lowered[1])
