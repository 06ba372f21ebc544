"""The engine that fires what is due, and how well it keeps time (ADM-03)."""
