"""What the next service report says of earlier months: which were corrected since the last one, and what changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Organisation
from reports.models import ServiceReport
from reports.texts import shown
from tickets.figures.measures import measure_of, measures_of


def corrections(customer: Organisation, month: date) -> list[dict[str, Any]]:
    """A section with a line for each correction that was sent since the report of the month before was made.

    None where nothing was corrected.
    """
    of_customer = ServiceReport.objects.filter(organisation=customer, month__lt=month)
    last = of_customer.filter(version=1).order_by("-month").first()
    sent = of_customer.filter(version__gt=1, state=ServiceReport.State.SENT).order_by("month", "version")
    since = sent.filter(sent_at__gt=last.made_at) if last else sent
    rows = [
        [
            f"{one.month:%Y-%m}",
            str(one.version),
            one.reason,
            _changed(one),
            f"{settings.SITE_URL}{one.get_absolute_url()}",
        ]
        for one in since
    ]
    head = [_("Month"), _("Version"), _("Reason"), _("What changed"), _("Where")]
    links = [one.get_absolute_url() for one in since]
    section = {"title": _("Earlier months, corrected since"), "head": head, "rows": rows, "wide": 3}
    return [{**section, "linked": 4, "links": links}] if rows else []


def _changed(report: ServiceReport) -> str:
    """Each figure that the correction changed: before and after."""
    same = ServiceReport.objects.filter(organisation=report.organisation, month=report.month)
    before = same.filter(version__lt=report.version).order_by("-version").first()
    old, new = (one.content.get("values", {}) if one else {} for one in (before, report))
    known = {measure.code for measure in measures_of("incident")}
    return "; ".join(
        _("%(figure)s: %(before)s → %(after)s")
        % {
            "figure": measure_of(code).label,
            "before": shown(old[code]["value"], measure_of(code).unit),
            "after": shown(value["value"], measure_of(code).unit),
        }
        for code, value in new.items()
        if code in known and code in old and old[code]["value"] != value["value"]
    )
