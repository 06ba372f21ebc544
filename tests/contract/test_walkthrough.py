"""docs/walkthrough.md is true: its declaration, added to one file, gives everything that the page promises."""

from __future__ import annotations

import importlib
import inspect
import re
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import clear_url_caches

import incidents.lifecycle
import itsm.api_urls
import itsm.urls
from incidents.models import Incident
from itsm.api import docs
from itsm.management.commands.docs import shipped_roles
from itsm.run import steps
from tests import factories
from tests.api.client import Api
from tests.factories import World, act, incident_in, last_entry
from tickets import diagrams, lifecycle
from tickets.checks import problems_of
from tickets.database.declared import write_declared_states
from tickets.lifecycle import Kind, kind_of, register_kind
from tickets.models import DeclaredTransition

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]

TEXT = (Path(settings.BASE_DIR) / "docs" / "walkthrough.md").read_text(encoding="utf-8")
DECLARATION, MEANING = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
NAME = "take_back"


def edited_lifecycle() -> types.ModuleType:
    """The one file with the declaration at its end, as a module; as it is where somebody did what the page says."""
    module = types.ModuleType("edited_lifecycle")
    source = inspect.getsource(incidents.lifecycle)
    edited = source if DECLARATION in source else f"{source}\n{DECLARATION}"
    exec(edited, vars(module))  # noqa: S102 - our own page
    return module


class Edited(Incident):
    """Incidents as they are after the edit."""

    lifecycle = edited_lifecycle().incident_actions

    class Meta:
        proxy = True
        app_label = "incidents"


@pytest.fixture
def kind(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """Start the portal with the edited file; go back afterwards."""
    monkeypatch.setattr(factories, "Incident", Edited)
    before = kind_of("incident")
    register_kind(replace(before, model=None))(Edited)  # type: ignore[arg-type]
    _start()
    yield kind_of("incident")
    lifecycle._kinds["incident"] = before
    _start()


def _start() -> None:
    """What a new process does: build the addresses."""
    for module in (itsm.api_urls, itsm.urls):
        importlib.reload(module)
    clear_url_caches()


@pytest.fixture
def prepared(kind: Kind) -> Kind:
    """The database after ``manage.py prepare``, which found nothing to migrate."""
    write_declared_states()
    return kind


def test_declaration_passes_the_checks(kind: Kind) -> None:
    assert list(problems_of(kind)) == []
    assert NAME in kind.actions


def test_next_start_tells_the_database(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    transition = DeclaredTransition.objects.filter(kind="incident", source="resolved", target="in_progress")
    transition.delete()  # as it was before anybody declared it

    for name in ("call_command", "build_steps", "data_steps"):
        monkeypatch.setattr(steps, name, lambda *args, **kwargs: [])
    told: list[str] = []
    steps.prepare(told.append)
    steps.prepare(told.append)

    assert transition.exists()
    assert len(told) == 1


def test_what_it_means_is_as_written(prepared: Kind, world: World) -> None:
    names = {**vars(factories)}
    exec(MEANING, names)  # noqa: S102 - our own page
    names["test_take_back_goes_on_with_the_work"](world)


def test_button_form_and_timeline_appear_on_the_page(prepared: Kind, world: World, client: Client) -> None:
    ticket = incident_in("resolved", world)
    address = f"/tickets/{ticket.number}/actions/{NAME}/"
    client.force_login(world.engineer)
    english = {"accept-language": "en"}
    assert address in client.get(f"/tickets/{ticket.number}/", headers=english).content.decode()
    assert 'name="text"' in client.get(address, headers=english).content.decode()
    assert client.post(address, {}, headers=english).status_code == 422

    assert client.post(address, {"text": "告警又出现"}, headers=english).status_code == 302

    page = client.get(f"/tickets/{ticket.number}/", headers=english).content.decode()
    assert "took back the solution" in page
    assert "告警又出现" in page


def test_requester_has_no_button_and_is_refused(prepared: Kind, world: World, client: Client) -> None:
    ticket = incident_in("resolved", world)
    client.force_login(world.requester)

    assert NAME not in client.get(f"/tickets/{ticket.number}/").content.decode()
    assert client.post(f"/tickets/{ticket.number}/actions/{NAME}/", {"text": "?"}).status_code == 403


def test_endpoint_appears(prepared: Kind, world: World) -> None:
    ticket, api = incident_in("resolved", world), Api(world.engineer)
    assert NAME in [row["name"] for row in api.results(f"incidents/{ticket.number}/actions/")]

    done = api.post(f"incidents/{ticket.number}/actions/{NAME}/", {"text": "告警又出现"})
    again = api.post(f"incidents/{ticket.number}/actions/{NAME}/", {"text": "又"})

    assert (done.status_code, done.json()["state"]["code"]) == (200, "in_progress")
    assert (again.status_code, "resolve" in again.json()["possible"]) == (409, True)


@pytest.mark.slow
def test_description_of_the_api_shows_it(prepared: Kind, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "description", docs.description.__wrapped__)  # nobody keeps it over a start
    schema: Any = Api(world.engineer).get("schema/?format=json").json()

    assert schema["paths"][f"/api/v1/incidents/{{number}}/actions/{NAME}/"]["post"]["summary"]


@pytest.mark.slow
def test_diagram_and_permission_table_show_it(kind: Kind) -> None:
    text = diagrams.documents([kind], shipped_roles())["incident.md"]

    assert "resolved --> in_progress: Take back solution" in text
    assert f"| `{NAME}` | Take back solution | resolved | in_progress | The assignee, or members" in text
    assert re.search(rf"^\| `{NAME}` \|  \| A M \|", text, flags=re.MULTILINE)


def test_limits_run_again(prepared: Kind, world: World) -> None:
    ticket = act(incident_in("resolved", world), NAME, world.engineer, text="?")

    assert ticket.completed_in_time is None
    assert ticket.queue_due_at == ticket.planned_completion_at
    assert last_entry(ticket).is_public is True
