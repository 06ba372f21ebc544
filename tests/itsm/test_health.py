"""The probes, and what every answer carries."""

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


def test_policy_report_is_one_short_log_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    body = b"\n2026 forged line" + b"x" * 5000

    response = client.post("/csp-report/", body, content_type="application/csp-report")

    assert response.status_code == 204
    assert [len(record.getMessage()) < 2100 for record in caplog.records] == [True]
