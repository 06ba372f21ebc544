"""What every kind of ticket shares: the base, the one door, queues, pages and endpoints (TKT)."""
