"""Finds, installs and launches the browser of the journeys: the system's Chromium, driven by Playwright."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"]
ADVICE = "install Chromium or Chrome, or set CHROMIUM to its path."
FLAGS = [
    "--no-sandbox",  # root, as in containers, has no sandbox; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str | None:
    """Return the path of a Chromium or Chrome: ``CHROMIUM``, else one of the usual names, else None."""
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else [*filter(None, map(shutil.which, NAMES)), *PLACES]
    return next((path for path in candidates if Path(path).exists()), None)


@contextmanager
def launch(*, headless: bool = True) -> "Iterator[Browser]":
    """Start the browser and end it afterwards. Raises LookupError when there is none."""
    from playwright.sync_api import sync_playwright  # slow to import, only journeys need it

    path = find()
    if path is None:
        raise LookupError(f"No browser: {ADVICE}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=headless, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def install() -> None:
    """Install Debian's Chromium where that is possible and needed. Failing is no error: the journeys are skipped."""
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser journeys …", flush=True)
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *arguments], env=env, stdout=subprocess.DEVNULL, check=False)  # noqa: S607
    print(f"Browser for the journeys: {find() or 'none; ' + ADVICE}", flush=True)


if __name__ == "__main__" and "--install" in sys.argv:
    install()
