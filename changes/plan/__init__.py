"""The plan of a change: steps, items, what falls when it is edited (CHG-04)."""
