"""A worker of the web server that grew makes room for another one, and none ends for less (ADM-02)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from itsm.run import gunicorn_conf

pytestmark = [pytest.mark.req("ADM-02")]


@pytest.mark.parametrize(
    ("answered", "most", "stays"),
    [(100, 0, False), (300, 0, False), (99, 0, True), (101, 0, True), (100, 2**50, True)],
)
def test_a_worker_that_grew_ends_after_its_answer(
    monkeypatch: pytest.MonkeyPatch, answered: int, most: int, stays: bool
) -> None:
    monkeypatch.setattr(gunicorn_conf, "MOST_BYTES", most)
    worker = SimpleNamespace(nr=answered, alive=True)

    gunicorn_conf.post_request(worker, None, {}, None)

    assert worker.alive is stays
