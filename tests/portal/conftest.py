"""The clients of the portal."""

from tests.pages.conftest import browse

__all__ = ["browse"]
