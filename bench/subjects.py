"""What is measured: requests as a browser or an integration sends them. Loads no Django."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.options import GROUPS
from bench.quality.known_errors import PAIRS

if TYPE_CHECKING:
    from bench.world import World

RANDOM = random.Random(7)  # noqa: S311  (a sample, not a secret)


@dataclass(frozen=True)
class Request:
    """A request, as JSON can carry it. ``who``: desk or requester (their session), or api (a token).

    ``fragment``: asked by the page for one of its parts.
    """

    path: str
    method: str = "GET"
    who: str = "desk"
    body: dict[str, Any] | None = None
    fragment: bool = False


@dataclass(frozen=True)
class Subject:
    """A thing that is measured. ``limit``: most SQL statements; ``statuses``: answers that mean success.

    ``over_network``: also asked by many clients at once. ``weighed``: its page must be light. ``scans``: half of all
    tickets are in its answer, so that reading the table from end to end may be the right plan.
    """

    key: str
    title: str
    request: Callable[[World], Request]
    limit: int | None = None
    statuses: tuple[int, ...] = (200,)
    over_network: bool = True
    weighed: bool = False
    scans: bool = False


def _claim(world: World) -> Request:
    number = RANDOM.choice(world.claimable)
    world.free(number)
    return Request(f"/api/v1/incidents/{number}/actions/claim/", "POST", "api")


def _create(world: World) -> Request:
    body = {
        "summary": "行情数据延迟，多个终端均可复现",
        "description": "监控系统同时出现相关告警，可能与昨晚的变更有关。" * 3,
        "requester": f"bench-requester-{RANDOM.randrange(1000)}",
        "source": "api",
        "business_system": "risk-control",
        "impact": "I4",
        "urgency": "normal",
        "group": f"bench-group-{RANDOM.randrange(GROUPS)}",
    }
    return Request("/api/v1/incidents/", "POST", "api", body)


def _note(world: World) -> Request:
    number = RANDOM.choice(world.live)
    return Request(f"/api/v1/incidents/{number}/actions/note/", "POST", "api", {"text": "已联系用户，等待回复。"})


def _hints(world: World) -> Request:
    """What stands beside the form while somebody tells of a known error, one of 5,000 (``quality.known_errors``)."""
    language = RANDOM.choice(("zh", "en"))
    told = RANDOM.choice(PAIRS[language])[2]
    return Request(f"/find/hints/?summary={quote(told)}", fragment=True)


def _search(words: str, path: str = "/search/") -> Callable[[World], Request]:
    """Searching for words that ``bench/tickets.sql`` put into so many tickets."""
    address = f"{path}{'&' if '?' in path else '?'}q={quote(words)}"
    return lambda world: Request(address)


#: Words that stand in no ticket, in 5, in 500, in every second one.
NOWHERE, FEW, SOME, HALF = "没有这个词", "量子加密机", "光纤收发器", "值班经理"
FILTERED = "/incidents/?view=open&group=bench-group-0&ordering=-created_at"
#: The month before this one, and 365 days: the tickets of the bench lie in the last 730.
BOARD = {
    f"{part}_{period}": (f"board: {title} of {label}", f"/boards/incidents/{address}period={code}")
    for part, title, address in (
        ("tiles", "tiles", "tiles/?"),
        ("narrowed", "tiles, with three filters", "tiles/?priority=P3&priority=P4&source=phone&group=bench-group-0&"),
        ("figures", "every figure", "table/?"),
        ("trend", "trend", "charts/trend/?"),
        ("compliance", "kept promises", "charts/compliance/?"),
        ("hours", "hours", "charts/hours/?"),
    )
    for period, label, code in (("month", "a month", "last_month"), ("year", "a year", "days_365"))
}


#: The parts of the process page of a month, each asked by itself.
PROCESS = {
    f"process_{part}": (f"process of a month: {title}", f"/boards/incidents/process/{part}/?period=last_month")
    for part, title in (
        ("map", "map"),
        ("ways", "ways"),
        ("time", "time in states"),
        ("hand-overs", "hand-overs"),
    )
}


#: What is asked again right after, by the next who looks.
AGAIN = {
    f"again_{key}": (f"{title}, again", address)
    for key, (title, address) in BOARD.items()
    if key.startswith(("tiles", "figures"))
}


#: What is asked again after a ticket that is not finished has changed.
CHANGED = {
    key.replace("again", "changed"): (title.replace("again", "after a change"), address)
    for key, (title, address) in AGAIN.items()
}


def _board(address: str, before: Callable[[World, Request], object]) -> Callable[[World], Request]:
    def prepare(world: World) -> Request:
        request = Request(address, fragment=True)
        before(world, request)
        return request

    return prepare


def _then_changed(world: World, request: Request) -> None:
    world.send(request)
    world.change_a_ticket()


def _boards(pages: dict[str, tuple[str, str]], before: Callable[[World, Request], object]) -> list[Subject]:
    return [
        Subject(key, title, _board(address, before), over_network=False, scans=True)
        for key, (title, address) in pages.items()
    ]


SUBJECTS: tuple[Subject, ...] = (
    Subject("floor", "bare signed-in page", lambda world: Request("/bench/floor/")),
    Subject("queue", "queue page", lambda world: Request("/incidents/"), limit=12, weighed=True),
    Subject(
        "home", "agent's home queue", lambda world: Request("/queue/"), limit=12, weighed=True, over_network=False
    ),
    Subject("filtered", "filtered queue", lambda world: Request(FILTERED), limit=13, over_network=False),
    Subject("ticket", "ticket page", lambda world: Request(f"/tickets/{RANDOM.choice(world.live)}/"), limit=20),
    Subject(
        "queue_pane", "queue pane", lambda world: Request("/queue/?view=open", fragment=True), limit=12, weighed=True
    ),
    Subject(
        "ticket_pane",
        "ticket in the pane",
        lambda world: Request(f"/tickets/{RANDOM.choice(world.live)}/", fragment=True),
        limit=20,  # 16, and up to four for one about which a decision waits
    ),
    Subject("search_none", "search, no hit", _search(NOWHERE), limit=16, over_network=False),
    # Items are found by the values of their attributes, too: one statement reads which attributes there are.
    Subject("search_few", "search, 5 hits", _search(FEW), limit=17, over_network=False),
    Subject("search_some", "search, 500 hits", _search(SOME), limit=17, weighed=True),
    Subject("search_half", "search, half of all", _search(HALF), limit=17),
    Subject("search_queue", "words in a queue", _search(SOME, "/queue/?view=open"), limit=14, over_network=False),
    Subject("palette", "palette", _search(HALF, "/search/palette/"), limit=12, over_network=False),
    Subject("hints", "hints during a call", _hints, limit=12, over_network=False),
    Subject("create", "create by API", _create, statuses=(201,)),
    Subject("note", "note by API", _note, over_network=False),
    Subject("claim", "claim by API", _claim, over_network=False),
    Subject("api_list", "API list", lambda world: Request("/api/v1/incidents/", who="api")),
    Subject("portal", "requester's home", lambda world: Request("/portal/", who="requester"), over_network=False),
    Subject(
        "to_decide", "to decide", lambda world: Request("/approvals/"), limit=10, over_network=False, weighed=True
    ),
    Subject("board", "board, frame", lambda world: Request("/boards/incidents/"), limit=16, over_network=False),
    Subject("live_board", "live board", lambda world: Request("/boards/live/"), limit=24, over_network=False),
    *_boards(BOARD | PROCESS, lambda world, request: world.forget_figures()),
    *_boards(AGAIN, lambda world, request: world.send(request)),
    *_boards(CHANGED, _then_changed),
)
BY_KEY = {subject.key: subject for subject in SUBJECTS}
