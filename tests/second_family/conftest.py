"""Loans and the clients that take their steps."""

from tests.pages.conftest import browse

__all__ = ["browse"]
