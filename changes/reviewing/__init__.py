"""Looking back at a change: the full review, and its interruptions by business system (CHG-07)."""
