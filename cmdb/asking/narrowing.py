"""What the parameters of an address ask of items: filters, attributes, and what they hang together with (CMDB-05).

``r1.how=carries&r1.ci_class=service&r1.system_class=core`` finds what carries a service of a core system, over any
number of steps; ``r1.how=runs_on:out`` what runs on one directly; ``r1.none=true`` turns it round. Up to three such
conditions; what they may say of the other item is what lists can be filtered by.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from cmdb.definitions import Definitions, as_defined
from cmdb.filters import PREFIX, attribute_parameters, by_attributes, filter_for
from cmdb.models import ComplianceRule, ComplianceRuleVersion, ItemQuery, RelationType
from cmdb.network.answers import allowed_for
from cmdb.network.impact import hanging_on
from cmdb.network.reading import graph_at
from cmdb.services import items_at, relations_at
from cmdb.versioning.moments import Moment

CONDITIONS = ("r1.", "r2.", "r3.")
CARRIES, RESTS_ON = "carries", "rests_on"
FORWARD, BACKWARD = "out", "in"
#: Beside these, whatever ``ItemFilter`` and attributes understand.
OWN = ("how", "none", "attribute", "value")


def relation_parameters(params: Any) -> list[str]:
    """The parameters that ask for what items hang together with."""
    return [name for name in params if name.startswith(CONDITIONS)]


def understood(params: Any, user: User) -> set[str]:
    """The names in ``params``, and those never used, that ask something of items."""
    return {*filter_for(user).base_filters, *attribute_parameters(params), *relation_parameters(params)}


def saved_query(number: str, user: User) -> ItemQuery:
    """The query of that number that ``user`` finds. Raises ValidationError."""
    rows = ItemQuery.objects.visible_to(user)
    found = rows.filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 10 else None
    if found is None:
        raise ValidationError({"query": [_("There is no such query.")]})
    return found


def with_query(query: ItemQuery, params: QueryDict) -> QueryDict:
    """What ``query`` asks, and what ``params`` say besides or instead."""
    found = query.parameters().copy()
    for name, values in params.lists():
        if name != "query":
            found.setlist(name, values)
    return found


def narrow(found: QuerySet[Any], params: QueryDict, user: User, moment: Moment) -> QuerySet[Any]:
    """Narrow ``found``, items at ``moment``, by all that ``params`` ask. Raises ValidationError by name."""
    asked = SimpleNamespace(user=user, moment=moment)
    narrowed = filter_for(user)(params, queryset=found, request=asked)
    if not narrowed.is_valid():
        raise ValidationError({name: list(map(str, texts)) for name, texts in narrowed.errors.items()})
    found = by_relations(by_attributes(narrowed.qs, params, user, moment), params, user, moment)
    return by_rule(found, params, user, moment)


def by_rule(found: QuerySet[Any], params: QueryDict, user: User, moment: Moment) -> QuerySet[Any]:
    """Narrow to items that break a rule (``breaks=NUMBER``). Raises ValidationError by name."""
    number = params.get("breaks", "").strip()
    if not number or not user.may(Permission.CMDB_VIEW):
        return found
    known = number.isascii() and number.isdigit() and len(number) < 10
    rule = ComplianceRule.objects.filter(pk=int(number)).first() if known else None
    if rule is None:
        raise ValidationError({"breaks": [_("There is no such rule.")]})
    return breaking(found, rule, user, moment)


def concerned_by(found: QuerySet[Any], rule: ComplianceRule, moment: Moment) -> QuerySet[Any]:
    """Those of ``found`` that the rule is about: of its class or those below, and not retired."""
    found = found.exclude(status="retired")
    known = Definitions(moment.defined_at)
    return found.filter(ci_class__in=known.below(rule.ci_class_id)) if rule.ci_class_id else found


def breaking(found: QuerySet[Any], rule: ComplianceRule, user: User, moment: Moment) -> QuerySet[Any]:
    """Those of ``found``, items at ``moment``, that break the rule as it was known then.

    Raises ValidationError as its query does.
    """
    rule = as_defined([rule], ComplianceRuleVersion, moment.known_at)[0]
    column = "pk" if moment.is_now else "item_id"
    those = narrow(items_at(moment, user), rule.parameters(), user, moment).order_by().values(column)
    condition = Q(**{f"{column}__in": those})
    concerned = concerned_by(found, rule, moment)
    return concerned.filter(condition) if rule.demand == rule.Demand.NONE else concerned.exclude(condition)


def by_relations(found: QuerySet[Any], params: QueryDict, user: User, moment: Moment) -> QuerySet[Any]:
    """Narrow by what items hang together with. Raises ValidationError by parameter."""
    column = "pk" if moment.is_now else "item_id"
    for prefix in CONDITIONS:
        said = {name.removeprefix(prefix): str(params[name]).strip() for name in params if name.startswith(prefix)}
        if not said.get("how"):
            continue
        try:
            keys = _related(said, user, moment)
        except ValidationError as error:
            raise ValidationError({f"{prefix}{name}": t for name, t in error.message_dict.items()}) from error
        condition = Q(**{f"{column}__in": keys})
        found = found.exclude(condition) if said.get("none") == "true" else found.filter(condition)
    return found


def _related(said: dict[str, str], user: User, moment: Moment) -> Any:
    """The keys of the items that hang together with what ``said`` describes: a query, or a list."""
    others = _described(said, user, moment)
    column = "pk" if moment.is_now else "item_id"
    how, _sign, way = said["how"].partition(":")
    if how in (CARRIES, RESTS_ON) and not way:
        return _reached(how, set(others.values_list(column, flat=True)), user, moment)
    if way not in (FORWARD, BACKWARD) or not RelationType.objects.filter(pk=how).exists():
        raise ValidationError({"how": [_("“%(value)s” is not known.") % {"value": said["how"][:60]}]})
    this, other = ("source", "target") if way == FORWARD else ("target", "source")
    relations = relations_at(moment).filter(relation_type=how)
    allowed = allowed_for(user, moment)
    if allowed is not None:
        relations = relations.filter(source__in=allowed, target__in=allowed)
    return relations.filter(**{f"{other}__in": others.order_by().values(column)}).values(this)


def _described(said: dict[str, str], user: User, moment: Moment) -> QuerySet[Any]:
    """The other items that a condition means."""
    params = QueryDict(mutable=True)
    params.update({name: text for name, text in said.items() if name not in OWN})
    if said.get("attribute"):
        params[f"{PREFIX}{said['attribute']}"] = said.get("value") or "any"
    unknown = [n for n in params if n not in filter_for(user).base_filters and not n.startswith(PREFIX)]
    if unknown:
        raise ValidationError({unknown[0]: [_("“%(value)s” is not known.") % {"value": unknown[0][:60]}]})
    return narrow(items_at(moment, user), params, user, moment)


def _reached(how: str, start: set[int], user: User, moment: Moment) -> list[int]:
    """What carries ``start``, or rests on it, over any number of steps; not ``start`` itself unless in a circle."""
    allowed = allowed_for(user, moment)
    return sorted(hanging_on(graph_at(moment), start, up=how == RESTS_ON, allowed=allowed))
