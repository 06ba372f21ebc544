"""Boards that people put together themselves, alone or for a role (RPT-01, DESK-03)."""
