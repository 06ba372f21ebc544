"""Clients for pages of emergencies."""

from tests.pages.conftest import browse

__all__ = ["browse"]
