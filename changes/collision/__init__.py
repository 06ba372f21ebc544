"""Which changes get in one another's way, and what follows from it (CHG-05)."""
