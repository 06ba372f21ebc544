"""What agents, engineers and requesters see around tickets (DESK-01, DESK-02, PRT-01)."""
