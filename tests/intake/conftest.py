"""The clients of the desk."""

from tests.pages.conftest import browse

__all__ = ["browse"]
