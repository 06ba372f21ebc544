"""A progress bar for terminals."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 30
#: Redrawn at most this often, in seconds.
INTERVAL = 0.2


class ProgressBar:
    """Draws how far a job is, on one line of ``stream``; draws nothing when that is no terminal."""

    def __init__(self, stream: TextIO, label: str, unit: str) -> None:
        self.stream = stream
        self.label = label
        self.unit = unit
        self.started = time.monotonic()
        self.drawn = 0.0
        self.visible = stream.isatty()

    def show(self, done: int, share: float) -> None:
        """Say that ``done`` units, a ``share`` of 0 to 1 of the whole, are finished."""
        now = time.monotonic()
        if self.visible and (now - self.drawn >= INTERVAL or share >= 1):
            self.drawn = now
            bar = "#" * round(share * WIDTH)
            left = f"{(now - self.started) * (1 - share) / share:.0f} s left" if share > 0 else ""
            self._draw(f"{self.label} [{bar:<{WIDTH}}] {share:4.0%}  {done:,} {self.unit}  {left}")

    def clear(self) -> None:
        """Remove the bar."""
        if self.visible and self.drawn:
            self._draw("")

    def _draw(self, text: str) -> None:
        self.stream.write(f"\r\x1b[K{text}")
        self.stream.flush()
