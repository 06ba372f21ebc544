"""Charts: pictures of each, hand-overs, targets drawn in."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role, SupportGroup
from reports.targets.models import Target
from tests.factories import World, act, register_incident
from tests.reports.charts import NOVEMBER, assert_charts_open_what_they_show, chart
from tests.reports.conftest import HOUR, MARCH
from tickets.figures.charts import charts_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01", "DESK-03")]
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
OF_MARCH = "from=2024-03-01&to=2024-04-01"


@pytest.mark.slow
@pytest.mark.parametrize("code", sorted(charts_of("incident")))
def test_every_chart_goes_out_as_a_picture_with_its_title_and_period(
    world: World, browse: Any, month: dict[str, Any], code: str
) -> None:
    page = browse(world.manager)
    svg = page.get(f"/boards/incidents/export/{code}/svg/?{OF_MARCH}")
    png = page.get(f"/boards/incidents/export/{code}/png/?{OF_MARCH}")

    assert svg["Content-Type"] == "image/svg+xml"
    assert "attachment" in svg["Content-Disposition"]
    texts = [node.text or "" for node in ET.fromstring(svg.content).iter() if node.tag.endswith("text")]
    assert str(charts_of("incident")[code].title) in texts
    assert any("2024-03-01 – 2024-03-31" in text for text in texts)
    assert png.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert browse(world.engineer).get(f"/boards/incidents/export/{code}/svg/?{OF_MARCH}").status_code == 403


def wandering(world: World) -> None:
    """A ticket of November 2026 that went to another group and came back."""
    ticket = register_incident(world.desk, now=NOW, requester="requester")
    ticket = act(ticket, "assign", world.desk, now=NOW + HOUR, group="host")
    ticket = act(ticket, "hand_over", world.manager, now=NOW + 2 * HOUR, group="network", text="x")
    act(ticket, "hand_over", world.manager, now=NOW + 3 * HOUR, group="host", text="x")


def test_names_are_texts_in_pictures(world: World, browse: Any) -> None:
    wandering(world)
    SupportGroup.objects.filter(code="host").update(name_zh="<b>&x", name_en="<b>&x")

    svg = browse(world.manager).get(f"/boards/incidents/export/hand_overs/svg/?{NOVEMBER}").content

    assert any("<b>&x" in (node.text or "") for node in ET.fromstring(svg).iter())


def test_hand_overs_open_the_tickets_that_went_so(world: World, client: Client) -> None:
    wandering(world)
    client.force_login(world.manager)

    assert_charts_open_what_they_show(client, "incidents", ["hand_overs"])
    assert chart(client, "incidents", "hand_overs")["series"][0]["values"] == [1, 1, 1]


@pytest.mark.slow
def test_target_of_the_backlog_is_a_level_in_the_trend(world: World, browse: Any, month: dict[str, Any]) -> None:
    role = Role.objects.get(code="incident_manager")
    Target.objects.create(measure="backlog", aim=7, owner=role, edited_by=world.manager, edited_at=MARCH)

    page = browse(world.manager).get(f"/boards/incidents/charts/trend/?{OF_MARCH}").content.decode()

    assert "≤ 7" in page
