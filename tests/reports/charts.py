"""Charts of a board, held to the lists behind them."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from django.test import Client

NOVEMBER = "from=2026-11-01&to=2026-12-01"


def chart(client: Client, kind: str, code: str) -> dict[str, Any]:
    """What the browser draws a chart of November from."""
    page = client.get(f"/boards/{kind}/charts/{code}/?{NOVEMBER}").content.decode()
    found = re.search(r'data-chart="([^"]*)"', page)
    assert found, f"{kind} {code} draws nothing"
    assert 'role="img" aria-label="' in page
    assert "<table" in page
    return json.loads(html.unescape(found[1]))


def assert_charts_open_what_they_show(client: Client, kind: str, codes: list[str]) -> None:
    """Every number of every chart of ``kind`` opens a list of so many tickets."""
    for code in codes:
        drawn, opened = chart(client, kind, code), 0
        assert drawn["title"]
        assert drawn["unit"]
        for series in drawn["series"]:
            for value, url in zip(series["values"], series["urls"], strict=True):
                if not url or value is None:
                    continue
                if value or not opened:
                    listed = client.get(url).context["shown"].split()
                    assert str(int(value)) in listed, (code, series["name"], url, listed)
                opened += bool(value)
        assert opened, code
