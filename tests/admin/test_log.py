"""The log of what administrators changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import translation

from accounts.access.guard import GUARD, LIFT
from accounts.models import Organisation, SupportGroup
from incidents.models import Incident
from itsm.admin import _lines, _parts
from tests.admin.pages import address, make_rows, typed
from tests.factories import World
from tickets.actions import perform
from tickets.models import Priority, Source

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-01")]


def test_log_shows_old_and_new_values(page: Client, world: World) -> None:
    url = address(SupportGroup, "change", world.groups["host"].pk)
    data = typed(page, url) | {"name_en": "Hosts", "lead": world.desk.pk}
    assert page.post(url, data).status_code == 302
    text = page.get(address(LogEntry, "changelist"), {"q": "admin"}).content.decode()
    assert "<li>English name: host → Hosts</li>" in text
    assert "<li>Lead: Lead → Desk</li>" in text


def test_log_is_searched_by_object_and_read_only(page: Client, world: World) -> None:
    make_rows(world, 1)
    url = address(LogEntry, "changelist")
    assert page.get(url, {"q": "Desk"}).context["cl"].result_count == 1
    assert page.get(url, {"q": "nothing"}).context["cl"].result_count == 0
    entry = LogEntry.objects.latest("pk")
    assert page.post(address(LogEntry, "change", entry.pk), {"object_repr": "x"}).status_code == 403
    assert page.post(address(LogEntry, "delete", entry.pk), {"post": "yes"}).status_code == 403


def test_edited_limits_in_the_list_are_logged(page: Client) -> None:
    url = address(Priority, "changelist")
    formset = page.get(url).context["cl"].formset
    data = {field.html_name: field.value() for form in [formset.management_form, *formset.forms] for field in form}
    data = {name: "on" if value is True else value for name, value in data.items() if value is not False}
    page.post(url, data | {"form-0-response_minutes": 99, "_save": "Save"})
    assert Priority.objects.filter(response_minutes=99).count() == 1
    assert "→ 99" in page.get(address(LogEntry, "changelist")).content.decode()


def test_perform_is_untouched_by_the_administration(world: World) -> None:
    """Administrators act on tickets in the portal, like everybody."""
    ticket = perform(Incident(), "register", user=world.admin, data={"summary": "A", "impact": "I4"}).ticket
    assert ticket.registered_by == world.admin


def test_log_tells_of_departments_beside_the_organisation(page: Client, world: World) -> None:
    url = address(Organisation, "change", world.organisations["egov"].pk)
    new = {"departments-TOTAL_FORMS": 1, "departments-0-name_zh": "信息科", "departments-0-name_en": "IT"}
    assert page.post(url, typed(page, url) | {"name_en": "Government"} | new).status_code == 302
    text = page.get(address(LogEntry, "changelist")).content.decode()
    assert "<li>English name: egov → Government</li>" in text
    assert "<li>Added department “IT”.</li>" in text


@pytest.mark.req("SEC-03")
def test_what_is_added_and_what_is_deleted_is_logged_with_its_values(page: Client, world: World) -> None:
    data = {"code": "night", "name_zh": "夜班", "name_en": "Night", "position": 5, "active": "on"}
    assert page.post(address(Source, "add"), data).status_code == 302
    text = page.get(address(LogEntry, "changelist")).content.decode()
    assert "<li>English name: — → Night</li>" in text
    assert "<li>Code: — → night</li>" in text

    assert page.post(address(Source, "delete", "night"), {"post": "yes"}).status_code == 302
    text = page.get(address(LogEntry, "changelist")).content.decode()
    assert "<li>English name: Night → —</li>" in text
    assert "<li>-</li>" not in text


@pytest.mark.req("SEC-03")
def test_rows_beside_an_object_are_logged_with_their_values(page: Client, world: World) -> None:
    organisation = world.organisations["egov"]
    url = address(Organisation, "change", organisation.pk)
    new = {"departments-TOTAL_FORMS": 1, "departments-0-name_zh": "信息科", "departments-0-name_en": "IT"}
    page.post(url, typed(page, url) | new)
    page.post(url, typed(page, url) | {"departments-0-name_en": "Informatics"})
    page.post(url, typed(page, url) | {"departments-0-DELETE": "on"})
    added, changed, deleted = LogEntry.objects.order_by("pk")
    with translation.override("en"):
        texts = [
            " ".join(line for part in _parts(one) for line in _lines(one, part)) for one in (added, changed, deleted)
        ]

    assert "English name: — → IT" in texts[0]
    assert "English name: IT → Informatics" in texts[1]
    assert "English name: Informatics → —" in texts[2]
    assert not organisation.departments.exists()


def run(statement: str) -> None:
    """Raw SQL in a savepoint."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


REWRITTEN = [
    "UPDATE django_admin_log SET object_repr = 'x'",
    "UPDATE django_admin_log SET user_id = user_id",
    "DELETE FROM django_admin_log",
]


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize("statement", [*REWRITTEN, "TRUNCATE django_admin_log"])
def test_nobody_rewrites_the_log(world: World, statement: str) -> None:
    """Not in SQL either: only what was added later is there later."""
    make_rows(world, 1)
    before = list(LogEntry.objects.values())
    run("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="only added"):
        run(statement)

    assert list(LogEntry.objects.values()) == before != []


@pytest.mark.req("SEC-03")
def test_a_migration_can_lift_the_guard_of_the_log_and_put_it_back(world: World) -> None:
    make_rows(world, 1)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run(LIFT)
    run(REWRITTEN[0])
    assert set(LogEntry.objects.values_list("object_repr", flat=True)) == {"x"}

    run(GUARD)
    for statement in REWRITTEN:
        with pytest.raises(DatabaseError, match="only added"):
            run(statement)


@pytest.mark.req("SEC-03", "ADM-02")
def test_the_plain_role_of_the_handbook_only_adds_to_the_log(db: None) -> None:
    """The statements as they stand in the handbook, run in their order."""
    text = (Path(__file__).parents[2] / "docs" / "administration.md").read_text()
    lines = re.findall(r"^    ((?:CREATE ROLE|GRANT|REVOKE|ALTER DEFAULT).*)$", text, re.MULTILINE)
    for line in lines:
        run(line.replace("itsm_plain", "itsm_plain_tried"))

    def may(right: str, table: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_table_privilege('itsm_plain_tried', %s, %s)", [table, right])
            return bool(cursor.fetchone()[0])

    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
    assert [right for right in rights if may(right, "django_admin_log")] == ["SELECT", "INSERT"]
    assert [right for right in rights if may(right, "tickets_ticket")] == ["SELECT", "INSERT", "UPDATE", "DELETE"]
