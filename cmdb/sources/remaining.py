"""What is believed now without a word that was taken back: as if it had never been said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cmdb.definitions import Definitions
from cmdb.models import Claim, ConfigurationItem, ItemImport, ItemVersion, Relation, RelationVersion, SourceWithdrawal
from cmdb.sources.facts import Fact, Facts, counting, facts_of_item, facts_of_relation, gaps_of
from cmdb.sources.ranking import NOBODY, holder_of, relation_field
from cmdb.sources.rewriting import KEPT, Question, best_of, held_relation
from cmdb.sources.withdrawing import by_others, grouped, holding, speakers
from cmdb.values import is_empty


@dataclass
class Remains:
    """What is believed of an item: the words that take the place of those that were taken back, by field.

    ``alone``: nobody else whose word counts ever spoke of it.
    """

    item: ConfigurationItem
    words: dict[str, Fact] = field(default_factory=dict)
    alone: bool = False


@dataclass
class Without:
    """Asks without ``word``, a source and when it said something; it counts among those taken back already."""

    word: tuple[str, str]
    asked: Question

    @classmethod
    def words_of(cls, run: ItemImport, now: datetime, known: Definitions) -> Without:
        """Without what an import said."""
        withdrawn = dict(SourceWithdrawal.objects.filter(undone_at=None).values_list("source", "at"))
        taken_back = ItemImport.objects.words_taken_back()
        return cls((run.source, run.at.isoformat()), Question("", False, counting(withdrawn), now, known, taken_back))

    def items(self, keys: Sequence[int]) -> Iterator[Remains]:
        """Of each of the items."""
        versions = grouped(ItemVersion.objects.filter(item__in=keys).order_by("pk"), "item_id")
        claims = grouped(Claim.objects.filter(item__in=keys), "item_id")
        spoken_of = by_others(list(keys), self.asked)
        for item in ConfigurationItem.objects.filter(pk__in=keys).order_by("pk"):
            worked_out = self.asked.known.computed(item.ci_class_id)
            facts = facts_of_item(versions[item.pk], claims[item.pk], worked_out, self.asked.taken_back)
            alone = item.pk not in spoken_of and not speakers(facts, self.asked)
            yield Remains(item, self._words(versions[item.pk], facts), alone)

    def _words(self, versions: Sequence[Any], facts: Facts) -> dict[str, Fact]:
        row = holding([row for row in versions if row.recorded.upper is None], self.asked.now)
        values: Mapping[str, Any] = row.facts if row else {}
        names = [
            name
            for name in {*values, *(row.sources if row else ())} - {""}
            if holder_of(row.sources, name, given=not is_empty(values.get(name))) == self.word
        ]
        return {name: self._instead(name, row, facts) for name in names}

    def _instead(self, name: str, row: Any, facts: Facts) -> Fact:
        """What an item always has is said by somebody, believed or not."""
        said, place = facts.of(name), (row.ci_class_id, name)
        best = best_of(said, self.asked.now, self.asked, place)
        if best is None and name in KEPT:
            best = best_of(said, self.asked.now, replace(self.asked, counts=lambda _fact: True), place)
        return best or Fact(name, row.facts.get(name) if name in KEPT else None, NOBODY, self.asked.now)

    def relations(self, keys: Sequence[int]) -> Iterator[tuple[Relation, Fact]]:
        """Of each of the relations about which the word was still believed."""
        versions = grouped(RelationVersion.objects.filter(relation__in=keys).order_by("pk"), "relation_id")
        claims = grouped(Claim.objects.filter(relation__in=keys), "relation_id")
        rows = Relation.objects.filter(pk__in=keys).select_related("source", "target", "relation_type")
        for row in rows.order_by("pk"):
            believed = holding([one for one in versions[row.pk] if one.recorded.upper is None], self.asked.now)
            held, _value = held_relation(believed, self.asked.now, gaps_of(versions[row.pk]))
            if held == self.word:
                facts = facts_of_relation(versions[row.pk], claims[row.pk], self.asked.taken_back)
                place = (row.source.ci_class_id, relation_field(row.relation_type_id))
                best = best_of(facts.of(""), self.asked.now, self.asked, place)
                yield row, best or Fact("", None, NOBODY, self.asked.now)
