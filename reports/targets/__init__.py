"""Targets and alert thresholds of figures, and who is told when one is crossed (RPT-01)."""
