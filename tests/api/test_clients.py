"""Clients that generators make of the description, in two languages, live a whole incident over real HTTP."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.access.tokens import create_token
from tests.factories import World
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.req("API-01", "API-02")]

HERE = Path(__file__).parent / "clients"
NODE, MODULES = Path(sys.executable).with_name("node"), settings.BASE_DIR / "node_modules"
STEPS = ["register", "assign", "claim", "start", "comment", "resolve"]


def run(*command: str | Path, folder: Path) -> str:
    """What a program says; a failure shows all of it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with the description, as a program fetches it."""
    description = Client().get("/api/v1/schema/", headers={"accept-language": "en"}).json()
    description["paths"] = {
        path: found for path, found in description["paths"].items() if not path.startswith("/api/v1/visits/")
    }
    (tmp_path / "schema.json").write_text(json.dumps(description))
    return tmp_path


@pytest.fixture
def lived(world: World, live_server: Any) -> list[str]:
    """Address and tokens of those who live an incident."""
    tokens = [create_token(user=person, name="program")[1] for person in (world.desk, world.engineer)]
    return [live_server.url, *tokens]


def check(said: str) -> None:
    """The incident that the program speaks of was lived by those people."""
    number, found, impact = said.split()
    ticket = Ticket.objects.get(number=number)
    assert (found, impact, ticket.state) == (number, "I4", "resolved")
    steps = TimelineEntry.objects.filter(ticket=ticket, via="api").order_by("pk")
    assert list(steps.values_list("action", flat=True)) == STEPS


def test_a_generated_python_client_lives_an_incident(folder: Path, lived: list[str]) -> None:
    generate = ("-m", "openapi_python_client", "generate", "--path", "schema.json", "--meta", "none")
    told = run(sys.executable, *generate, "--output-path", "itsm_client", folder=folder)
    assert "WARNING" not in told.upper(), told
    shutil.copy(HERE / "life.py", folder)

    check(run(sys.executable, "life.py", *lived, folder=folder))


def test_generated_typescript_agrees_and_lives_an_incident(folder: Path, lived: list[str]) -> None:
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "life.ts", folder)
    run(NODE, MODULES / "openapi-typescript/bin/cli.js", "schema.json", "--output", "itsm.d.ts", folder=folder)
    strict = ("--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions", "--target", "es2022")
    modules = ("--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom")
    (folder / "node.d.ts").write_text("declare const process: { argv: string[] };")
    run(NODE, MODULES / "typescript/bin/tsc", *strict, *modules, "node.d.ts", "life.ts", folder=folder)

    check(run(NODE, "life.ts", *lived, folder=folder))
