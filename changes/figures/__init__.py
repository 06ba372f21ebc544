"""What the figures of changes count (CHG-10)."""
