"""Whether pages can be used by everybody: axe in light and dark, and nothing sticks out (UX-02)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

import pytest
from django.conf import settings

from tests.e2e.conftest import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (rules) => (await axe.run({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) })).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => found.id + ": " + found.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" ;; "))"""
#: Which rules each theme is held to: the dark one differs from the light one by its colours alone.
RULES: dict[Literal["light", "dark"], list[str] | None] = {
    "light": None,
    "dark": ["color-contrast", "link-in-text-block"],
}

#: For tests that ask axe.
with_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")


def look(page: Page, url: str, key: str) -> list[str]:
    """What is wrong with a page, in light and in dark."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if key:
        page.keyboard.press(key)
        page.locator("#action-panel form, dialog[open]").first.wait_for()
    page.evaluate(AXE.read_text())  # as a person's extension would: not under the page's policy
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = [f"sticks out by {wide} px"] if wide > 0 else []
    for theme, rules in RULES.items():
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # nobody here chose a theme
        until(page, f"document.documentElement.dataset.bsTheme === '{theme}'")
        found += [f"{theme}: {trouble}" for trouble in page.evaluate(RUN, rules)]
    return found


def troubles(
    visit: Callable[..., Page],
    pages: Iterable[tuple[str, str, str]],
    places: Mapping[str, str],
    size: tuple[int, int],
) -> dict[str, list[str]]:
    """What is wrong with ``pages``: (who looks, the address or its name in ``places``, a key pressed first)."""
    opened: dict[str, Page] = {}
    found = {}
    for who, url, key in pages:
        page = opened.get(who) or opened.setdefault(who, visit(who, size=size))
        found[f"{who} {url} {key}".strip()] = look(page, places.get(url, url), key)
    return {page: wrong for page, wrong in found.items() if wrong}
