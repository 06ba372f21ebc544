"""Writes to items in use that no change allowed: a list, and what becomes of each (CHG-09)."""
