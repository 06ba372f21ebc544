"""A report in one language finds what is known in the other, by a glossary that people edit (PRB-05, INC-02)."""

from __future__ import annotations

import pytest
from django.test import Client

from bench.quality.known_errors import PAIRS
from demo.reference import load_reference
from problems.known_errors.glossary import Glossary
from problems.known_errors.publishing import fitting
from problems.known_errors.shelf import Shelf
from problems.models import Term
from tests.api.client import Api
from tests.factories import MONDAY, World
from tests.problems.conftest import Staff
from tests.problems.test_known_errors import published
from tests.problems.test_life import raise_problem
from tickets.workspace.suggestions import Call

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRB-05", "INC-02")]
TERMS = [
    ("行情", "quote"),
    ("延迟", "delayed"),
    ("连接池", "connection pool"),
    ("池", "pool"),
    ("连接池", "pool of connections"),
]


def test_terms_are_found_whole_and_the_longest_first() -> None:
    glossary = Glossary(TERMS)
    assert glossary.translate("Quotes are DELAYED").text == "延迟 行情"
    assert glossary.translate("misquote undelayed").text == ""
    assert glossary.translate("应用的连接池不够").text == "connection pool pool of connections"
    assert glossary.translate("").text == ""


def test_an_english_report_finds_a_chinese_known_error_and_says_why(world: World, staff: Staff) -> None:
    Term.objects.all().delete()
    known = published(raise_problem(world), staff, title="会员行情延迟", symptoms="行情画面延迟数秒")
    call = Call("quotes are delayed for all members")
    assert fitting(call, MONDAY) == []
    Term.objects.bulk_create(Term(zh=zh, en=en) for zh, en in TERMS)
    found = fitting(call, MONDAY)
    assert [fit.known for fit in found] == [known]
    assert "行情" in found[0].reasons[0]
    assert "术语" in found[0].reasons[0]
    Term.objects.filter(zh="行情").delete()
    assert fitting(call, MONDAY) == []


def test_shipped_terms_find_most_of_the_planted_pairs() -> None:
    load_reference()
    terms = list(Term.objects.values_list("zh", "en"))
    for known, told in (("zh", "en"), ("en", "zh")):
        rows = [(n, title, symptoms, None) for n, (title, symptoms, _call) in enumerate(PAIRS[known])]
        shelf = Shelf(rows, [], terms)
        first = [n in [one.pk for one in shelf.likest(Call(call))[:3]] for n, (_t, _s, call) in enumerate(PAIRS[told])]
        assert sum(first) >= 12


def test_managers_edit_it_and_bad_input_is_kept(world: World, staff: Staff, client: Client) -> None:
    Term.objects.all().delete()
    client.force_login(staff.manager)
    assert client.post("/known-errors/glossary/", {"zh": "表空间", "en": "tablespace"}).status_code == 302
    term = Term.objects.get()
    for zh, en in (("表", "x1"), ("abc", "tablespace"), ("表空间", "中文"), ("表空间", "Tablespace"), ("", "a b")):
        answer = client.post("/known-errors/glossary/", {"zh": zh, "en": en})
        assert answer.status_code == 422, (zh, en)
        assert 'role="alert"' in answer.content.decode()
        assert f'value="{en}"' in answer.content.decode()
    assert (
        client.post("/known-errors/glossary/", {"pk": term.pk, "zh": "表空间", "en": "table space"}).status_code == 302
    )
    assert Term.objects.get().en == "table space"
    assert Api(staff.owner).get("known-errors/terms/").json()["results"] == [{"zh": "表空间", "en": "table space"}]
    assert client.post("/known-errors/glossary/", {"pk": "999999"}).status_code == 404
    client.force_login(staff.owner)
    assert client.get("/known-errors/glossary/").status_code == 200
    assert client.post("/known-errors/glossary/", {"zh": "内存", "en": "memory"}).status_code == 403
    client.force_login(staff.manager)
    client.post("/known-errors/glossary/", {"pk": term.pk, "remove": "1"})
    assert not Term.objects.exists()


@pytest.mark.req("ORG-03")
def test_it_is_for_staff(world: World, client: Client) -> None:
    client.force_login(world.requester)
    assert client.get("/known-errors/glossary/").status_code == 403
    assert Api(world.requester).get("known-errors/terms/").status_code == 403
