"""Loading the demo data: the company, then its tickets (ADM-02)."""

from __future__ import annotations

from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from accounts.models import Organisation
from demo.announcements import load_announcements
from demo.cab import load_meetings
from demo.changes import load_changes, load_maintenance, load_recurrences
from demo.company import load_company
from demo.earlier import Earlier
from demo.estate import load_estate
from demo.expected import differences
from demo.history import DemoError, History
from demo.notices import load_rosters, settle_notices
from demo.problems import load_problems
from demo.reference import DATA, load_reference
from demo.replies import load_replies
from demo.service_reports import load_service_reports
from sla.clocks.timers import arm_future, quietly
from sla.models import Clock
from sla.orders.closing import plan_what_waits
from tickets import clock


def read_demo() -> dict[str, Any]:
    """The shipped file."""
    return yaml.load((DATA / "demo.yaml").read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (safe, see below)


def is_loaded() -> bool:
    """Whether the demo's customer is there; it comes and goes with everything else of the demo."""
    return Organisation.objects.filter(code="exchange", kind=Organisation.Kind.CUSTOMER).exists()


@transaction.atomic
def load_demo() -> int:
    """Add the demo company and its tickets; return how many tickets. Adds nothing when they are there.

    Times count back from now. All or nothing. Raises DemoError outside demo mode, and when the
    tickets do not come out as the file says.
    """
    if not settings.DEMO:
        raise DemoError("Demo data come with a well-known password: they load in demo mode only (ITSM_DEMO=1).")
    if is_loaded():
        return 0
    load_reference()
    data = read_demo()
    begun = clock.now()
    load_company(data, begun)
    load_estate(begun)
    load_announcements(data["announcements"], clock.now())
    load_replies(data["canned_replies"], data["ticket_templates"])
    earlier = Earlier(clock.now())
    earlier.load()
    history = History(data["tickets"], clock.now())
    with quietly():
        history.play()
        load_changes(history.tickets, clock.now())
        load_meetings(clock.now())
        load_recurrences(clock.now())
        load_problems(history.tickets, earlier, clock.now())
    load_maintenance(clock.now())
    load_service_reports(clock.now())
    settle_notices(clock.now())
    load_rosters(clock.now())
    arm_future(Clock.objects.all(), clock.now())
    plan_what_waits(clock.now())
    wrong = list(differences(data["tickets"], history.tickets))
    if wrong:
        raise DemoError("Not as the file says:\n" + "\n".join(wrong))
    return len(history.rows)


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
