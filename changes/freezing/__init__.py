"""Freeze windows as change managers edit them: previewed for the year, then saved as a version that stays."""
