"""Edits of the configuration database that a change prepares, applies in its window, and accounts for (CHG-08)."""
