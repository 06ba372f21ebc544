"""When changes are made: calendar, feeds, freezes, maintenance windows, free slots (CHG-05)."""
