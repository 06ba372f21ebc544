"""Whether each seat of a round can have somebody of its own: nobody decides twice in a round (CHG-03)."""

from __future__ import annotations

from collections.abc import Sequence


def seated(seats: Sequence[frozenset[int]]) -> bool:
    """Whether ``seats`` (who may take each) can all be taken, no two by the same person.

    Each seat in turn takes somebody who is free, or asks who sits already to move to another seat of theirs (Kuhn).
    """
    taken: dict[int, int] = {}

    def seat(number: int, asked: set[int]) -> bool:
        for person in sorted(seats[number] - asked):
            asked.add(person)
            if person not in taken or seat(taken[person], asked):
                taken[person] = number
                return True
        return False

    return all(seat(number, set()) for number in range(len(seats)))
