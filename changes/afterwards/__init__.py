"""Incidents while a change runs and for a while after it, and whether it caused them (CHG-06, CHG-07)."""
