"""Scheduled reports: once per time, to each reader what that reader sees, all of it logged (RPT-05)."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.db.models import F
from django.test import Client
from pypdf import PdfReader

from accounts.models import Role, User
from accounts.permissions import Permission
from exporting.models import Export
from notifications.channels.mail import compose
from notifications.models import Delivery, Notice
from notifications.sending.claiming import claim_mail
from reports.own.models import OwnBoard
from reports.schedules.models import Schedule, ScheduleRun, Sending
from reports.schedules.rhythm import next_times, occurrences
from reports.schedules.sending import KEPT, is_not_allowed_any_more, refusal, remove_old_files, send_due
from tests.api.client import Api
from tests.factories import World, reload_user
from tests.reports.conftest import DAY, HOUR, MARCH
from tickets.models import SavedView

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-05")]
WEEKLY = {"rhythm": "weekly", "weekday": 1, "at": "08:00", "zone": "Asia/Shanghai", "format": "link"}
MONDAY = datetime(2024, 3, 4, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


@pytest.fixture
def view(world: World) -> SavedView:
    return SavedView.objects.create(
        name="Open ones", everyone=True, kind="incident", params={"view": ["open"]}, created_by=world.desk
    )


def make(person: Any, **values: Any) -> Any:
    return Api(person).post("reports/schedules/", WEEKLY | values)


def due(pk: int, at: datetime) -> Schedule:
    """The schedule, due at a moment of the story."""
    Schedule.objects.filter(pk=pk).update(next_at=at)
    return Schedule.objects.get(pk=pk)


def sample(**values: Any) -> Schedule:
    return Schedule(**{"rhythm": "daily", "at": time(8), "zone": "Asia/Shanghai"} | values)


@pytest.mark.parametrize(
    ("values", "after", "expected"),
    [
        ({"rhythm": "monthly", "monthday": 31}, datetime(2024, 1, 31, 1, tzinfo=UTC), ["2024-02-29", "2024-03-31"]),
        ({"rhythm": "weekly", "weekday": 7}, datetime(2024, 2, 25, 0, tzinfo=UTC), ["2024-03-03", "2024-03-10"]),
        ({"rhythm": "workdays"}, datetime(2024, 3, 1, 0, tzinfo=UTC), ["2024-03-04", "2024-03-05"]),
        ({"zone": "Asia/Kolkata"}, datetime(2024, 3, 1, 2, 30, tzinfo=UTC), ["2024-03-02", "2024-03-03"]),
    ],
)
def test_rhythm_names_days_and_times_of_its_zone(world: World, values: Any, after: datetime, expected: Any) -> None:
    found = occurrences(sample(**values), after)

    assert [next(found)[0].isoformat() for _time in expected] == expected


def test_time_that_clocks_skip_or_show_twice_comes_once() -> None:
    spring = sample(zone="Europe/Berlin", at=time(2, 30))
    found = occurrences(spring, datetime(2024, 3, 30, 12, tzinfo=UTC))
    assert next(found) == (date(2024, 3, 31), datetime(2024, 3, 31, 1, 30, tzinfo=UTC))
    autumn = occurrences(spring, datetime(2024, 10, 26, 12, tzinfo=UTC))
    assert [next(autumn)[1] for _time in range(2)] == [
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
        datetime(2024, 10, 28, 1, 30, tzinfo=UTC),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("role", "readers"), [("desk_agent", 2), ("vendor", 1)])
def test_list_is_sent_once_as_each_reader_sees_it(
    world: World, view: SavedView, month: Any, role: str, readers: int
) -> None:
    found = Role.objects.get(code=role)
    Role.objects.filter(pk=found.pk).update(permissions=[*found.permissions, Permission.EXPORT])
    pk = make(world.manager, view=view.pk, format="xlsx", role=role).json()["id"]
    due(pk, MONDAY)

    assert send_due(MONDAY + timedelta(seconds=20)) == readers
    assert send_due(MONDAY + timedelta(seconds=40)) == 0

    run = ScheduleRun.objects.get()
    assert (run.day, run.is_late, run.note) == (date(2024, 3, 4), False, "")
    for sending in run.sendings.all():
        reader = reload_user(sending.reader)
        with default_storage.open(sending.file) as file:
            sheet = openpyxl.load_workbook(io.BytesIO(file.read())).worksheets[0]
        shown = Api(reader).get("incidents/?view=open&count=true").json()["count"]
        assert sheet.max_row - 5 == sending.rows == shown  # a head, and below an empty line what list it is
        assert Export.objects.get(user=reader).rows_total == shown
    assert Notice.objects.filter(event="scheduled_report").count() == readers


@pytest.mark.slow
@pytest.mark.req("RPT-02")
@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_files_of_lists_name_the_filters_that_they_are_of(
    world: World, view: SavedView, month: Any, form: str
) -> None:
    SavedView.objects.filter(pk=view.pk).update(
        params={"view": ["open"], "group": ["host", "desk"], "priority": ["P4"]}
    )
    due(make(world.manager, view=view.pk, format=form).json()["id"], MONDAY)
    send_due(MONDAY)

    with default_storage.open(Sending.objects.get().file) as file:
        data = file.read()
    readers: dict[str, Any] = {
        "csv": lambda: data.decode("utf-8-sig"),
        "xlsx": lambda: "\n".join(
            str(cell.value)
            for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows()
            for cell in row
        ),
        "pdf": lambda: "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).replace("\n", ""),
    }
    said = readers[form]()
    host, desk = world.groups["host"], world.groups["desk"]
    for one in ("类型: 事件", "视图: 全部未完成", f"分派组: {host}", f"分派组: {desk}", "优先级: P4"):
        assert one.replace(" ", "") in said.replace(" ", ""), one


@pytest.mark.slow
def test_board_is_counted_of_the_period_that_it_was_due_in(world: World, month: Any) -> None:
    made = make(
        world.manager, kind="incident", parameters="period=last_month", format="pdf", rhythm="monthly", monthday=1
    )
    due(made.json()["id"], MARCH + 31 * DAY)

    send_due(MARCH + 33 * DAY)

    sending = Sending.objects.get()
    assert sending.run.is_late
    figures = Api(world.manager).get("reports/incident-kpis/?from=2024-03-01&to=2024-04-01").json()["results"]
    assert sending.values["desk_total"]["value"] == next(f["value"] for f in figures if f["id"] == "desk_total")
    assert "from=2024-03-01&to=2024-04-01" in sending.path
    with default_storage.open(sending.file) as file:
        assert file.read(5) == b"%PDF-"
    assert browse_file(world.manager, sending).status_code == 200
    assert browse_file(world.admin, sending).status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_own_board_is_sent_with_its_parts_alone(world: World, month: Any, form: str) -> None:
    User.objects.filter(pk=world.manager.pk).update(language="en")
    board = OwnBoard.objects.create(
        name="Mine",
        kind="incident",
        owner=world.manager,
        figures=["stay_pending", "overdue", "retired_figure"],
        charts=[["load", "wide"], ["trend", "wide"], ["table", "wide"]],
        parameters="from=2024-03-01&to=2024-04-01",
        made_at=MARCH,
    )
    pk = make(world.manager, board=board.pk, format=form).json()["id"]
    due(pk, MONDAY)

    send_due(MONDAY)

    sending = Sending.objects.get()
    assert (set(sending.values), sending.state) == ({"stay_pending", "overdue"}, "sent")
    told = told_in(sending, form)
    for part in ("Load of groups", "Load of persons", "In, out and backlog", "Every figure", "Time in the state"):
        assert part in told, part
    assert told.index("Time in the state") < told.index("Overdue rate")
    assert told.count("Solved at first contact") == 1  # in the table of every figure
    assert "1 part of this board that there is no more" in told


def told_in(sending: Sending, form: str) -> str:
    """All text of a file that was sent; of a book its sheets' names, too."""
    with default_storage.open(sending.file) as file:
        data = file.read()
    if form == "csv":
        return data.decode("utf-8-sig")
    if form == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = (value for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for value in row if value)
    return "\n".join([*book.sheetnames, *map(str, cells)])


@pytest.mark.slow
def test_mail_carries_file_and_link_in_the_language_of_the_reader(world: World, view: SavedView, month: Any) -> None:
    User.objects.filter(pk=world.manager.pk).update(language="zh-hans")
    due(make(world.manager, view=view.pk, format="csv").json()["id"], MONDAY)
    send_due(MONDAY + 2 * HOUR)

    row = Delivery.objects.get(notice__event="scheduled_report", channel="email")
    [claimed] = [one for one in claim_mail(MONDAY + 2 * HOUR, 10) if one.pk == row.pk]
    sent = [compose(claimed.outgoing) for _try in range(2)]

    assert sent[0] == sent[1]
    mail = message_from_bytes(sent[0], policy=default)
    [attached] = list(mail.iter_attachments())
    assert attached.get_filename() == "Open ones-2024-03-04.csv"
    assert attached.get_content_type() == "text/csv"
    assert attached.get_content().count("\n") == (Sending.objects.get().rows or 0) + 5
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "/incidents/?view=open" in text
    assert "截至" in text


def test_a_list_that_waited_is_not_sent_when_it_shows_what_its_reader_sees_no_more(
    world: World, view: SavedView, month: Any
) -> None:
    """Made at night, sent in the morning: by then the vendor's ticket went to somebody else."""
    due(make(world.manager, view=view.pk, format="csv").json()["id"], MONDAY)
    send_due(MONDAY)
    notice, sending = Notice.objects.get(event="scheduled_report"), Sending.objects.get()
    assert sending.rows == len(sending.values["tickets"]) > 0
    assert not is_not_allowed_any_more(notice)

    Sending.objects.update(reader=world.vendor)  # may see lists, and none of these tickets
    assert not refusal(sending.run.schedule, reload_user(world.vendor))
    assert is_not_allowed_any_more(notice)


@pytest.mark.slow
def test_after_downtime_boards_are_sent_each_once_and_lists_once_marked_late(
    world: World, view: SavedView, month: Any
) -> None:
    daily = {"rhythm": "daily"}
    of_list = due(make(world.manager, view=view.pk, **daily).json()["id"], MONDAY)
    of_board = due(make(world.manager, kind="incident", parameters="period=today", **daily).json()["id"], MONDAY)

    send_due(MONDAY + 2 * DAY + HOUR)
    send_due(MONDAY + 2 * DAY + 2 * HOUR)

    assert [run.note for run in of_list.runs.order_by("day")] == ["missed", "missed", ""]
    assert [(run.is_late, run.sendings.count()) for run in of_board.runs.all()] == [(True, 1)] * 3
    assert {s.query for s in Sending.objects.filter(run__schedule=of_board)} == {
        f"from=2024-03-0{day}&kind=incident&to=2024-03-0{day + 1}" for day in (4, 5, 6)
    }
    of_board.refresh_from_db()
    assert of_board.next_at == MONDAY + 3 * DAY
    assert Notice.objects.filter(event="scheduled_report", created_at__gt=F("due_at")).count() == 4


@pytest.mark.slow
def test_who_lost_the_right_gets_nothing_and_is_told_so(world: World, month: Any) -> None:
    pk = make(world.manager, kind="incident").json()["id"]
    due(pk, MONDAY)
    world.manager.roles.clear()

    send_due(MONDAY)

    sending = Sending.objects.get()
    assert (sending.state, sending.reason, sending.values, sending.file) == ("refused", "no_boards", {}, "")
    assert not Notice.objects.filter(event="scheduled_report").exists()
    assert Notice.objects.get(event="schedule_stopped").payload["summary"]
    assert Schedule.objects.get(pk=pk).state == "paused"


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_board_of_a_colleague_is_not_sent_to_who_sees_no_names(world: World, month: Any) -> None:
    made = make(world.engineer2, kind="incident", parameters="period=month&assignee=engineer").json()
    due(made["id"], MONDAY)
    send_due(MONDAY)

    sending = Sending.objects.get()
    assert (sending.state, sending.reason, sending.values) == ("refused", "no_people", {})


@pytest.mark.slow
def test_mail_that_waits_over_a_night_is_not_sent_to_who_lost_the_right(world: World, month: Any) -> None:
    due(make(world.manager, kind="incident").json()["id"], MONDAY)
    send_due(MONDAY)
    world.manager.roles.clear()

    claim_mail(MONDAY + HOUR, 10)

    row = Delivery.objects.get(notice__event="scheduled_report", channel="email")
    assert row.status == Delivery.Status.OBSOLETE


@pytest.mark.slow
def test_who_may_not_export_gets_the_link_alone(world: World, view: SavedView, month: Any) -> None:
    assert not reload_user(world.engineer).may(Permission.EXPORT)
    due(make(world.manager, view=view.pk, role="first_line", format="xlsx").json()["id"], MONDAY)

    send_due(MONDAY)

    assert {(s.state, s.reason, s.file) for s in Sending.objects.all()} == {("sent", "no_export", "")}


@pytest.mark.slow
def test_what_was_deleted_or_has_nobody_sends_nothing_and_says_so(world: World, view: SavedView, month: Any) -> None:
    lost = due(make(world.manager, view=view.pk).json()["id"], MONDAY)
    empty = due(make(world.manager, kind="incident", role="service_owner").json()["id"], MONDAY)
    view.delete()

    send_due(MONDAY)

    assert {(run.schedule_id, run.note) for run in ScheduleRun.objects.all()} == {
        (lost.pk, "lost"),
        (empty.pk, "nobody"),
    }
    assert Schedule.objects.get(pk=lost.pk).state == "ended"


@pytest.mark.slow
def test_broken_content_is_tried_again_then_given_up_and_holds_nobody_up(
    world: World, view: SavedView, month: Any
) -> None:
    broken = due(make(world.manager, kind="incident").json()["id"], MONDAY)
    fine = due(make(world.manager, view=view.pk).json()["id"], MONDAY)
    Schedule.objects.filter(pk=broken.pk).update(kind="no_such_kind")

    for minute in range(4):
        send_due(MONDAY + timedelta(minutes=minute))

    states = {s.run.schedule_id: s.state for s in Sending.objects.all()}
    assert states == {broken.pk: "failed", fine.pk: "sent"}


@pytest.mark.slow
def test_files_are_removed_and_the_record_stays(world: World, view: SavedView, month: Any) -> None:
    due(make(world.manager, view=view.pk, format="csv").json()["id"], MONDAY)
    send_due(MONDAY)
    file = Sending.objects.get().file

    assert (remove_old_files(MONDAY + DAY), remove_old_files(MONDAY + KEPT + DAY)) == (0, 1)

    assert not default_storage.exists(file)
    assert len(Sending.objects.get().digest) == 64


def test_pages_schedule_show_pause_and_end(world: World, view: SavedView, browse: Any) -> None:
    page = browse(world.engineer)
    address = f"/scheduled-reports/new/?view={view.pk}"
    kept = page.post(address, {"name": "Typed", "rhythm": "weekly", "at": "07:30", "format": "link"})
    assert kept.status_code == 422
    assert 'value="Typed"' in kept.content.decode()

    answer = page.post(address, {"name": "Mine", "rhythm": "weekly", "weekday": "2", "at": "07:30", "format": "link"})

    schedule = Schedule.objects.get()
    assert answer["Location"] == f"/scheduled-reports/{schedule.pk}/"
    shown = page.get(answer["Location"]).content.decode()
    assert shown.count("<li>") >= 5
    assert len(next_times(schedule, MONDAY)) == 5
    assert "Mine" in page.get("/scheduled-reports/").content.decode()
    for step, state in (("pause", "paused"), ("resume", "active"), ("end", "ended"), ("resume", "ended")):
        page.post(f"/scheduled-reports/{schedule.pk}/", {"step": step})
        assert Schedule.objects.get().state == state
    assert browse(world.engineer2).get(f"/scheduled-reports/{schedule.pk}/").status_code == 404
    assert browse(world.manager).get(f"/scheduled-reports/{schedule.pk}/").status_code == 200
    assert browse(world.requester).get("/scheduled-reports/").status_code == 403


@pytest.mark.slow
def test_only_what_one_sees_is_scheduled_and_only_for_ones_own_roles(world: World, view: SavedView) -> None:
    private = SavedView.objects.create(name="x", owner=world.desk, params={}, created_by=world.desk)
    assert make(world.engineer, view=private.pk).status_code == 400
    assert make(world.vendor, kind="incident").status_code == 400
    assert make(world.engineer, view=view.pk, role="desk_agent").status_code == 400
    assert make(world.engineer, view=view.pk, role="first_line").status_code == 201
    assert make(world.manager, view=view.pk, role="desk_agent").status_code == 201
    assert make(world.manager, view=view.pk, colour="red").status_code == 400
    assert make(world.requester, view=view.pk).status_code == 403
    pk = Schedule.objects.get(owner=world.engineer).pk
    assert Api(world.engineer2).get(f"reports/schedules/{pk}/").status_code == 404
    assert Api(world.manager).post(f"reports/schedules/{pk}/", WEEKLY).status_code == 403
    assert Api(world.manager).post(f"reports/schedules/{pk}/end/", {}).json()["state"] == "ended"


def browse_file(person: Any, sending: Sending) -> Any:
    client = Client()
    client.force_login(person)
    return client.get(f"/scheduled-reports/sent/{sending.pk}/")
