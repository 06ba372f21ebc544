"""Announcements and the clients that read them."""

from tests.pages.conftest import browse

__all__ = ["browse"]
