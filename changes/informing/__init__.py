"""Telling everybody affected by a change: after approval, before it starts, when it is late, when it ends (CHG-04)."""
