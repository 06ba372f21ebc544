"""What one version of a policy says that another does not, in words: for whoever edited an older one."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _

from sla.models import PolicyVersion, Target
from sla.promises.forms import settings_of
from sla.promises.wording import metric_label, whom_of


def difference(old: PolicyVersion, new: PolicyVersion) -> list[str]:
    """What ``new`` added, dropped and set otherwise, a line each."""
    before, after = (Counter(map(sentence_of, _targets(version))) for version in (old, new))
    lines = [_("Added: %(what)s") % {"what": text} for text in (after - before).elements()]
    lines += [_("Dropped: %(what)s") % {"what": text} for text in (before - after).elements()]
    said = zip(settings_of(old, old.policy.kind), settings_of(new, new.policy.kind), strict=True)
    return lines + [f"{label}: {was} → {now_is}" for (label, was), (_label, now_is) in said if was != now_is]


def _targets(version: PolicyVersion) -> list[Target]:
    names = ("priority", "fault", "nature", "business_system", "organisation", "calendar")
    return list(version.targets.select_related(*names))


def sentence_of(row: Target) -> str:
    """A promise in one line: what, for whom, within which time, by which calendar."""
    within = _("%(n)s min") % {"n": row.minutes} if row.minutes else _("as the priority says")
    parts = (str(metric_label(row.metric, row.kind)), *whom_of(row), within, str(row.calendar))
    return " · ".join(parts)
