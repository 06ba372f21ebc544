"""Many people at once: processes that create tickets together, pairs of engineers that claim the same ticket."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from bench.child import Child

TARGET = "bench.racers.handlers"
LEAD = 0.005  # seconds until the start shot, so that both have heard of it


def race_creators(environment: Mapping[str, str], creators: int, creates: int) -> dict[str, Any]:
    """Let ``creators`` processes create ``creates`` tickets each; return how many a second, and whether all differ."""
    with ExitStack() as stack:
        children = [stack.enter_context(Child(TARGET, environment)) for _ in range(creators)]
        for child in children:
            child.ask("warm_up")
        start = time.monotonic() + 0.2
        for child in children:
            child.tell("create", count=creates, start=start)
        answers = [child.answer() for child in children]
    numbers = [number for answer in answers for number in answer["numbers"]]
    seconds = max(answer["ended"] for answer in answers) - start
    return {
        "processes": creators,
        "created": len(numbers),
        "distinct": len(set(numbers)),
        "per_second": round(len(numbers) / seconds, 1),
    }


def race_claimers(environment: Mapping[str, str], pairs: int) -> dict[str, Any]:
    """Let two engineers claim each of ``pairs`` tickets at the same moment; return who won and what losers heard."""
    with Child(TARGET, environment) as first, Child(TARGET, environment) as second:
        rounds = [_duel(first, second, *pair) for pair in first.ask("prepare_claims", pairs=pairs)]
    return {
        "pairs": len(rounds),
        "one_winner": sum(sum("won" in answer for answer in answers) == 1 for answers in rounds),
        "loser_told_who": sum(_loser_knows(answers) for answers in rounds),
        "first_won": sum("won" in answers[0] for answers in rounds),
    }


def _duel(first: Child, second: Child, number: str, *engineers: str) -> list[dict[str, str]]:
    start = time.monotonic() + LEAD
    for child, engineer in zip((first, second), engineers, strict=True):
        child.tell("claim", number=number, username=engineer, start=start)
    return [first.answer(), second.answer()]


def _loser_knows(answers: list[dict[str, str]]) -> bool:
    winner = next((answer for answer in answers if "won" in answer), None)
    loser = next((answer for answer in answers if "lost" in answer), None)
    return winner is not None and loser is not None and winner["name"] in loser["lost"]
