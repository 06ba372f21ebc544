"""Processes of the bench with Django loaded, which the parent asks for one thing at a time.

Each database has a process of its own, so that nothing a process remembers comes from another size. Questions and
answers are lines of JSON on stdin and stdout; what goes wrong is on stderr.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import django
from django.utils.module_loading import import_string

from bench.options import BASE_DIR

Handler = Callable[..., Any]


class Child:
    """A process that answers questions with the handlers that the callable at ``target`` returns."""

    def __init__(self, target: str, environment: Mapping[str, str], code: Path = BASE_DIR) -> None:
        """Start it; ``code``: the directory of the version that it runs."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", target],
            cwd=code,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends us
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, question: str, **arguments: Any) -> Any:
        """Ask and wait for the answer. Raises RuntimeError when the process has ended."""
        self.tell(question, **arguments)
        return self.answer()

    def tell(self, question: str, **arguments: Any) -> None:
        """Ask without waiting, so that several processes work at once."""
        assert self.process.stdin is not None  # noqa: S101  (opened above)
        self.process.stdin.write(json.dumps([question, arguments]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer to ``tell``."""
        assert self.process.stdout is not None  # noqa: S101  (opened above)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("A process of the bench has ended; the reason is above.")
        return json.loads(line)

    def close(self) -> None:
        """End the process: it stops when its input ends."""
        assert self.process.stdin is not None  # noqa: S101  (opened above)
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer questions from stdin until it ends."""
    for line in sys.stdin:
        question, arguments = json.loads(line)
        answer = json.dumps(handlers[question](**arguments))
        sys.__stdout__.write(answer + "\n")  # type: ignore[union-attr]  # None only without a terminal at all
        sys.__stdout__.flush()  # type: ignore[union-attr]  # see above


def main() -> None:
    """Load Django, then the named handlers."""
    django.setup()
    serve(import_string(sys.argv[1])())


if __name__ == "__main__":
    main()
