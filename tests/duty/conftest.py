"""Clients for pages of rosters."""

from tests.pages.conftest import browse

__all__ = ["browse"]
