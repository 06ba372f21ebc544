"""The signed-in client of the tests of pages."""

from tests.pages.conftest import browse

__all__ = ["browse"]
