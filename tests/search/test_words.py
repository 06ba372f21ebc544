"""What is typed becomes a query that PostgreSQL reads, cut exactly as texts are."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tickets.search.marking import Marker
from tickets.search.words import CHARACTER, WORD, fold, parse

pytestmark = pytest.mark.req("TKT-09")

#: What people type and paste: Chinese with its punctuation, full-width letters, accents, identifiers, anything.
CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=8)
WORDS = st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True)
PIECES = st.one_of(
    CHINESE, WORDS, st.sampled_from([" ", "，", "。", "-", "@", "“", "”", '"', "'", "ＡＢ１", "Café", "\\", "あが"])
)
RUNS = re.compile(f"([{WORD}]+)|([{CHARACTER}]+)")
TEXTS = st.one_of(
    st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60).filter(lambda text: "\0" not in text)
)
ON_DATABASE = settings(max_examples=150)


def ask(sql: str, *values: str | int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("障", "'障':*"),
        ("磁盘", "'磁盘'"),
        ("数据库", "'数据' <-> '据库'"),
        ("VPN证书", "'vpn' <-> '证书'"),
        ("证书VPN", "'证书' <-> '书' <-> 'vpn':*"),
        ("host-core-01", "'host' <-> 'core' <-> '01':*"),
        ("打印机 卡纸", "'打印' <-> '印机' & '卡纸'"),
        ("“打印 卡纸”", "'打印' <-> '印' <-> '卡纸'"),
        ('"vpn"', "'vpn'"),
        ("ＩＭ２６", "'im26':*"),
        ("a", "'a'"),
        ("017", "('017':* | '#017')"),
        ("错误 错误", "'错误'"),
    ],
)
def test_typed_words_become_tokens(typed: str, expected: str) -> None:
    query = parse(typed)

    assert query is not None
    assert query.tsquery() == expected


@pytest.mark.parametrize("typed", ["", " ", "！？", "'", '"', "&|!()<->:*\\"])
def test_nothing_to_look_for_is_no_query(typed: str) -> None:
    assert parse(typed) is None


@pytest.mark.django_db
@ON_DATABASE
@given(typed=st.one_of(TEXTS, st.text()))
def test_anything_typed_is_a_query_that_postgresql_reads(typed: str) -> None:
    query = parse(typed)

    if query is not None:
        assert ask("SELECT numnode(%s::tsquery)", query.tsquery()) > 0  # type: ignore[operator]


@pytest.mark.django_db
@ON_DATABASE
@given(text=TEXTS)
def test_texts_are_cut_in_the_database_as_queries_are_here(text: str) -> None:
    expected = set()
    for word, characters in RUNS.findall(fold(text)):
        expected |= {word[:60]} if word else {characters[n : n + 2] for n in range(len(characters))}

    assert set(ask("SELECT tsvector_to_array(itsm_tokens(%s))", text)) == expected  # type: ignore[call-overload]


@pytest.mark.django_db
@ON_DATABASE
@given(data=st.data(), before=TEXTS, after=TEXTS)
def test_every_substring_of_characters_and_every_word_is_found(data: st.DataObject, before: str, after: str) -> None:
    middle = data.draw(st.one_of(CHINESE, WORDS))
    start = data.draw(st.integers(0, len(middle) - 1)) if middle[0] > "\u4dff" else 0
    stop = data.draw(st.integers(start + 1, len(middle))) if middle[0] > "\u4dff" else len(middle)
    text = f"{before} {middle} {after}"
    query = parse(middle[start:stop])

    assert query is not None
    assert ask("SELECT itsm_tokens(%s) @@ %s::tsquery", text, query.tsquery()) is True
    assert Marker(query).count(text) == 1


@pytest.mark.django_db
@ON_DATABASE
@given(text=TEXTS)
@example(text="0\u1680")  # a blank that is a letter of the index
def test_a_whole_text_is_found_and_marked_by_itself(text: str) -> None:
    query = parse(text)
    if query is None or len(text) > 200:
        return

    assert ask("SELECT itsm_tokens(%s) @@ %s::tsquery", text, query.tsquery()) is True
    assert Marker(query).count(text) == len(query.terms)


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("vpn证书", "请更新ＶＰＮ证书 <b>", "请更新<mark>ＶＰＮ证书</mark> &lt;b&gt;"),
        ("017", "IM261122000017", "IM261122000<mark>017</mark>"),
        ("cafe", "Café & co", "<mark>Café</mark> &amp; co"),
        ("磁盘 空间", "磁盘空间不足", "<mark>磁盘空间</mark>不足"),
        ("host-co", "host core 01", "<mark>host co</mark>re 01"),
        ("ell", "hello", "hello"),
        ("<script>", "a<script>b", "a&lt;<mark>script</mark>&gt;b"),
    ],
)
def test_marks_stand_around_what_was_searched_for(typed: str, text: str, expected: str) -> None:
    query = parse(typed)

    assert query is not None
    assert Marker(query).mark(text).html == expected


def test_snippets_start_shortly_before_the_words() -> None:
    query = parse("硬盘")

    assert query is not None
    piece = Marker(query).snippet("前" * 300 + "硬盘" + "后" * 300)
    assert (piece.text[0], piece.text[-1]) == ("…", "…")
    assert [piece.text[start:stop] for start, stop in piece.ranges] == ["硬盘"]
