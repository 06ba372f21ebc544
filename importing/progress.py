"""How far a job is: a bar on terminals, a line now and then anywhere else."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 30
#: Redrawn at most this often, in seconds.
INTERVAL = 0.2
#: Where lines stay, in logs and files, one is enough this often, in seconds.
LINES_EVERY = 5.0


class ProgressBar:
    """Draws how far a job is, on one line of ``stream``; elsewhere it writes a line every few seconds."""

    def __init__(self, stream: TextIO, label: str, unit: str, *, visible: bool = True) -> None:
        self.stream = stream
        self.label = label
        self.unit = unit
        self.started = time.monotonic()
        self.drawn = 0.0
        self.visible = visible
        self.is_terminal = stream.isatty()

    def show(self, done: int, share: float) -> None:
        """Say that ``done`` units, a ``share`` of 0 to 1 of the whole, are finished."""
        now = time.monotonic()
        if not self.visible:
            return
        if not self.is_terminal:
            self._write_line(now, done, share)
        elif now - self.drawn >= INTERVAL or share >= 1:
            self.drawn = now
            bar = "#" * round(share * WIDTH)
            left = f"{(now - self.started) * (1 - share) / share:.0f} s left" if share > 0 else ""
            self._draw(f"{self.label} [{bar:<{WIDTH}}] {share:4.0%}  {done:,} {self.unit}  {left}")

    def _write_line(self, now: float, done: int, share: float) -> None:
        if now - max(self.drawn, self.started) >= LINES_EVERY:
            self.drawn = now
            self.stream.write(f"{self.label}: {share:.0%}, {done:,} {self.unit}\n")
            self.stream.flush()

    def clear(self) -> None:
        """Remove the bar."""
        if self.visible and self.is_terminal and self.drawn:
            self._draw("")

    def _draw(self, text: str) -> None:
        self.stream.write(f"\r\x1b[K{text}")
        self.stream.flush()
