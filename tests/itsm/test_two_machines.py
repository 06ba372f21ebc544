"""The guide walked: two machines with PostgreSQL 15 and Redis behind a proxy, and one of them is killed (ADM-02)."""

from __future__ import annotations

import http.cookiejar
import re
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.itsm.machines import HOST, Machine, answer, programs, proxy, redis_by_password, run_command, wait_until
from tests.itsm.test_oldest_server import oldest  # noqa: F401 - a fixture

pytestmark = [pytest.mark.req("ADM-02", "ADM-03"), pytest.mark.slow]
WORD, TOKEN = "correct horse battery 9", "only-for-this-test-too"
PAGES = ("/", "/timer-health/", "/notices/", "/me/")
REQUESTS, KILLED_AFTER = 200, 60


@pytest.fixture
def given(oldest: str, tmp_path: Path) -> Iterator[dict[str, str]]:  # noqa: F811
    """The guide's variables, the same on both machines: they share database, Redis and where uploads lie."""
    (tmp_path / "data").mkdir()
    with redis_by_password(tmp_path) as redis:
        yield {
            "ITSM_DATA_DIR": str(tmp_path / "data"),
            "SECRET_KEY": "only-for-this-test-" * 4,
            "ALLOWED_HOSTS": HOST,
            "SITE_URL": f"https://{HOST}",
            "EMAIL_HOST": "mail.example.com",
            "NUM_PROXIES": "1",
            "MONITORING_TOKEN": TOKEN,
            "DATABASE_URL": oldest,
            "REDIS_URL": redis,
        }


@pytest.fixture
def machines(given: dict[str, str], tmp_path: Path) -> Iterator[list[Machine]]:
    """Two machines on which the guide's commands were run, and its programs are running."""
    preparing = [run_command(given, "prepare") for _machine in range(2)]  # at once: one waits for the other
    said = [command.communicate(timeout=900)[0] for command in preparing]
    assert [command.returncode for command in preparing] == [0, 0], said
    for words in (
        "createsuperuser --no-input --username=root --full_name=Root --email=root@example.com",
        "check --deploy --fail-level WARNING",
    ):
        command = run_command(given | {"DJANGO_SUPERUSER_PASSWORD": WORD}, words)
        assert command.communicate(timeout=600)[0] is not None
        assert command.returncode == 0, words
    both = [Machine(given, tmp_path / name) for name in ("one", "two")]
    try:
        for number, machine in enumerate(both):
            for command_line, name, many in programs():
                if number == 0 or many in ("one per machine", "two altogether"):
                    machine.start(command_line, name)
        for machine in both:
            wait_until(lambda port=machine.port: answer(port, "/healthz/ready") == 200, machine.said)  # type: ignore[misc]
        yield both
    finally:
        for machine in both:
            machine.kill()


class Browser:
    """Somebody who asks the proxy, whose certificate is nobody's."""

    def __init__(self, port: int) -> None:
        self.portal = f"https://127.0.0.1:{port}"
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusting), cookies)

    def ask(self, path: str, typed: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of a page."""
        body = urllib.parse.urlencode(typed).encode() if typed else None
        headers = {"Host": HOST, "Referer": f"https://{HOST}{path}"}
        request = urllib.request.Request(f"{self.portal}{path}", body, headers)  # noqa: S310 - our own address
        try:
            with self.opener.open(request, timeout=60) as found:
                return found.status, found.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def sign_in(self) -> None:
        """As the administrator that the guide makes."""
        _status, page = self.ask("/accounts/login/")
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        status, page = self.ask("/accounts/login/", {"login": "root", "password": WORD, "csrfmiddlewaretoken": token})
        assert (status, 'name="login"' in page) == (200, False)


def test_one_of_two_machines_is_killed_and_everybody_is_answered(machines: list[Machine], tmp_path: Path) -> None:
    folder = tmp_path / "proxy"
    folder.mkdir()
    with proxy(machines, folder) as port:
        browser = Browser(port)
        wait_until(lambda: reaches(browser), machines[0].said)
        browser.sign_in()
        sheets = re.findall(r'href="(/static/[^"]+\.css)"', browser.ask("/")[1])
        assert [browser.ask(sheet)[0] for sheet in sheets] == [200] * len(sheets) != []
        health = {"Authorization": f"Bearer {TOKEN}"}
        wait_until(lambda: answer(machines[0].port, "/healthz/engine", **health) == 200, machines[0].said)

        def ask(number: int) -> int:
            if number == KILLED_AFTER:
                machines[1].kill()
            return browser.ask(PAGES[number % len(PAGES)])[0]

        with ThreadPoolExecutor(4) as people:
            statuses = list(people.map(ask, range(REQUESTS)))

        assert statuses == [200] * REQUESTS
        assert [answer(machine.port, "/healthz/ready") for machine in machines] == [200, 0]
        assert answer(machines[0].port, "/healthz/engine", **health) == 200


def reaches(browser: Browser) -> bool:
    """Whether the proxy is there."""
    try:
        return browser.ask("/healthz/ready")[0] == 200
    except OSError:
        return False
