"""Endpoints of tickets, for every registered kind: ``routes(kind)`` is all that an address table needs."""

from tickets.api.routes import routes, shared_routes

__all__ = ["routes", "shared_routes"]
