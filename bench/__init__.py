"""Measuring the portal with many tickets. ``make bench`` runs it; docs/performance.md says what the figures mean."""
