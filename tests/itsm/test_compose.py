"""The description for servers, as far as it can be checked without Docker."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

pytestmark = pytest.mark.req("ADM-02")

PROGRAMS = ["web", "live", "engine", "worker", "bulk", "beat"]


@pytest.fixture(scope="module")
def text() -> str:
    return (settings.BASE_DIR / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


def test_all_parts_of_the_portal_are_there(services: dict[str, Any]) -> None:
    assert set(services) == {"migrate", *PROGRAMS, "postgres", "redis"}


@pytest.mark.parametrize("name", [*PROGRAMS, "postgres", "redis"])
def test_service_is_watched_and_restarted(services: dict[str, Any], name: str) -> None:
    assert services[name]["healthcheck"]["test"]
    assert services[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_waits_for_servers_and_migrations(services: dict[str, Any], name: str) -> None:
    assert services[name]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


def test_data_live_in_declared_volumes(text: str, services: dict[str, Any]) -> None:
    mounted = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}

    assert mounted == set(yaml.safe_load(text)["volumes"]) == {"uploads", "postgres", "redis"}


def test_secrets_come_from_the_environment_without_default(text: str) -> None:
    secrets = dict(re.findall(r"\$\{(SECRET_KEY|\w*PASSWORD)(:.*?)\}", text))

    assert secrets.pop("EMAIL_HOST_PASSWORD") == ":-"  # many mail servers ask for none
    assert set(secrets) == {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    assert set(secrets.values()) == {":?set it in .env"}


def test_what_a_server_needs_has_no_default(text: str) -> None:
    """Links in mails and mails themselves: a portal that started without them would fail unseen."""
    for name in ("ALLOWED_HOSTS", "SITE_URL", "EMAIL_HOST", "DEFAULT_FROM_EMAIL"):
        assert f"{name}: ${{{name}:?set it in .env}}" in text, name


def test_one_command_prepares(services: dict[str, Any]) -> None:
    assert services["migrate"]["command"] == "python manage.py prepare"
    assert "prepare --files-only" in (settings.BASE_DIR / "Dockerfile").read_text()


def test_only_web_and_live_are_reachable_and_only_from_this_host(services: dict[str, Any]) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "web": ["127.0.0.1:${PORT:-8000}:8000"],
        "live": ["127.0.0.1:${LIVE_PORT:-8001}:8001"],
    }


def test_image_runs_without_rights() -> None:
    lines = (settings.BASE_DIR / "Dockerfile").read_text().splitlines()

    last_stage = lines[max(index for index, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER itsm" in last_stage
    assert not any("SECRET_KEY" in line for line in lines)


def test_programs_are_those_of_make_run(services: dict[str, Any]) -> None:
    from itsm.run.programs import PROGRAMS as LOCAL

    assert set(LOCAL) == set(PROGRAMS)
    for name in ("live", "engine", "worker", "bulk", "beat"):
        options = {word for word in LOCAL[name] if not word.startswith(("--loglevel", "--concurrency"))}
        assert options <= set(services[name]["command"].split()), name
