"""Live updates: tells open pages what changed and who else looks, while nobody reloads (TKT-07, TKT-08, UX-02)."""
