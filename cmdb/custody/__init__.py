"""Who keeps an item: handed over by one person, signed for by the next (CMDB-03)."""
