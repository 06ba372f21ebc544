"""The probes, and what every answer carries."""

import json

import pytest
from django.db import OperationalError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from itsm import health

pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _forget_readiness() -> None:
    health._assert_migrated.cache_clear()


def test_live_needs_no_database(client: Client, django_assert_num_queries: pytest.FixtureRequest) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/healthz/live").status_code == 200


def test_ready_when_migrated(client: Client) -> None:
    response = client.get("/healthz/ready")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()

    response = client.get("/healthz/ready")

    assert (response.status_code, response.json()) == (503, {"status": "migrations"})


def test_ready_again_after_migrating(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    client.get("/healthz/ready")
    MigrationRecorder(connection).record_applied("sessions", "0001_initial")

    assert client.get("/healthz/ready").status_code == 200


def test_not_ready_without_database_and_says_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection to db.internal as itsm failed")

    monkeypatch.setattr(connections["default"], "cursor", refuse)

    response = client.get("/healthz/ready")

    assert (response.status_code, response.json()) == (503, {"status": "database"})


def test_policy_forbids_inline_and_foreign_code(client: Client) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in client.get("/healthz/live")["Content-Security-Policy"].split(";")
    )

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
        "report-uri": "/csp-report/",
    }


def test_pages_are_neither_stored_nor_sniffed_nor_framed(client: Client) -> None:
    response = client.get("/healthz/live")

    names = [
        "Cache-Control",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    ]
    assert [response[name] for name in names] == ["no-store", "nosniff", "DENY", "same-origin", "same-origin"]


@pytest.mark.usefixtures("early_in_the_minute")
def test_policy_reports_are_cleaned_and_limited(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Anybody can send anything: known values alone, no control characters, no queries, not thousands of lines."""

    def report(**values: object) -> int:
        body = json.dumps({"csp-report": values}).encode()
        return client.post("/csp-report/", body, content_type="application/csp-report").status_code

    uri = "https://x.example/a?token=secret"
    codes = [report(**{"blocked-uri": "\x1b[31m\n2026 forged", "document-uri": uri, "other": "x"})]
    codes += [client.post("/csp-report/", b"\x1b[2J" * 9, content_type="text/plain").status_code]
    codes += [report(**{"blocked-uri": "y" * 9000}) for _ in range(40)]

    lines = [record.getMessage() for record in caplog.records if record.name == "itsm.health"]
    assert set(codes) == {204}
    assert lines[0] == (
        'Content security policy report: {"blocked-uri": "\\u001b[31m\\n2026 forged", '
        '"document-uri": "https://x.example/a"}'
    )
    assert len(lines) == health.REPORTS_A_MINUTE
    assert max(map(len, lines)) < 300


def test_not_ready_while_the_sign_in_page_cannot_be_drawn(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise ValueError("Missing staticfiles manifest entry")

    monkeypatch.setattr(health, "static", missing)
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()) == (503, {"status": "files"})


def test_not_ready_when_the_disk_is_full(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_BYTES", 2**80)
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()) == (503, {"status": "disk"})
