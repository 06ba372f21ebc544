"""Canned replies and ticket templates."""
