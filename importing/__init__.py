"""Histories of other products, by mapping files: every event at its time."""
