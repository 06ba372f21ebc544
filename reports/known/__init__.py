"""Figures as they were known at a moment, and why they are others now (RPT-01)."""
