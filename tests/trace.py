"""``make trace``: which tests show which requirement, and which tests name none."""

from collections import defaultdict

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print the register after all tests were found; parameters of one test count once."""
    register: dict[str, set[str]] = defaultdict(set)
    for item in session.items:
        name = item.nodeid.split("[", 1)[0]
        ids = [requirement for marker in item.iter_markers("req") for requirement in marker.args]
        for requirement in ids or ["(no requirement)"]:
            register[requirement].add(name)
    reporter: pytest.TerminalReporter = session.config.pluginmanager.getplugin("terminalreporter")
    for requirement in sorted(register):
        reporter.write_line(f"\n{requirement}: {len(register[requirement])} tests")
        for name in sorted(register[requirement]):
            reporter.write_line(f"  {name}")
