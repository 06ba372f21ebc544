"""Brings up what every test run needs: one throwaway PostgreSQL and Redis, built assets, compiled texts.

The servers live in a temporary directory of their own (see tests/settings.py), so a test run never meets a running
portal. xdist's workers share them; each worker has a database of its own.
"""

import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as properties

from itsm import embedded, messages
from itsm.web import assets
from tests import browser, migrated, shifted

pytest_plugins = ["tests.fixtures"]
#: No test judges by time: a busy machine is no fault. Fixtures hold for all examples, whose tests know it.
NEVER_JUDGED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
properties.register_profile("itsm", deadline=None, suppress_health_check=NEVER_JUDGED)
properties.load_profile("itsm")
#: So many families of tests are named at the end of a run.
DEAREST = 10


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once per run, in the process that hands out the tests."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    for directory in _abandoned_directories():
        _stop_servers(directory)
    if migrated.is_embedded():
        migrated.provide(Path(settings.DATA_DIR))
    for server in _servers(Path(settings.DATA_DIR)):
        server.start()
    _build()


def pytest_report_header() -> str:
    """On which day the run is."""
    return shifted.described()


@pytest.fixture(scope="session", autouse=True)
def _moved_clock() -> Iterator[None]:
    """The day and hour that the run was asked for (tests/shifted.py)."""
    travel = shifted.move_machine()
    yield
    if travel:
        travel.stop()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the servers and remove their data, also after a failure or Ctrl-C."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _stop_servers(Path(settings.DATA_DIR))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Call slow what commits for real: every table is emptied after it. Skip journeys where no browser is found."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)):
            item.add_marker(pytest.mark.slow)
    if browser.find() is None:
        for item in items:
            if item.get_closest_marker("journey"):
                item.add_marker(pytest.mark.skip(reason="no Chromium or Chrome found"))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the ten dearest families of tests, and say at the very end when browser journeys did not run."""
    _name_dearest(terminalreporter)
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "journey" in report.keywords]
    if skipped:
        terminalreporter.section("BROWSER JOURNEYS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.write_line(f"{len(skipped)} journeys were skipped: {browser.ADVICE}", red=True, bold=True)


def _name_dearest(terminalreporter: pytest.TerminalReporter) -> None:
    """The functions whose tests took longest, with what was made for them: where a suite is kept fast."""
    seconds: dict[str, float] = defaultdict(float)
    tests: Counter[str] = Counter()
    for report in (one for reports in terminalreporter.stats.values() for one in reports):
        if isinstance(report, pytest.TestReport):
            family = report.nodeid.partition("[")[0]
            seconds[family] += report.duration
            tests[family] += report.when == "call"
    if len(seconds) <= DEAREST:
        return
    terminalreporter.section("dearest families")
    for family in sorted(seconds, key=seconds.__getitem__, reverse=True)[:DEAREST]:
        terminalreporter.write_line(f"{seconds[family]:7.1f} s {tests[family]:5d}  {family}")


@pytest.fixture(autouse=True)
def _as_found() -> Iterator[None]:
    """The language and zone that a test's requests left behind are nobody else's."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory of its own; servers started in it are ended, whatever the test did.

    Not below pytest's ``tmp_path``: another run of pytest closes that to the servers' user while ours is going on.
    """
    directory = Path(tempfile.mkdtemp(prefix="own-", dir=settings.DATA_DIR))
    yield directory
    for server in _servers(directory):
        server.stop()


def _servers(directory: Path) -> list[embedded.Server]:
    return [embedded.Postgres(directory, throwaway=True), embedded.Redis(directory, throwaway=True)]


def _stop_servers(directory: Path) -> None:
    if directory.exists():
        for server in _servers(directory):
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)  # another run may be removing it, too


def _abandoned_directories() -> list[Path]:
    """Return the directories of test runs that were killed: the process in their name is gone."""
    found = Path(tempfile.gettempdir()).glob("itsm-tests-*")
    return [path for path in found if not psutil.pid_exists(int(path.name.rsplit("-", 1)[1]))]


def _build() -> None:
    """Build what pages refer to. Without node_modules only the journeys would miss it."""
    if (settings.BASE_DIR / "node_modules").is_dir():
        assets.build(base_dir=settings.BASE_DIR, target=settings.BUILD_DIR / "assets")
    for po_file in Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po"):
        messages.compile_catalogue(po_file)


os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's own event loop runs in the test's thread
