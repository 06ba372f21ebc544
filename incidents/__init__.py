"""Incidents: interruptions and losses of quality of a service (INC)."""
