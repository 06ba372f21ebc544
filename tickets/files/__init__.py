"""Files of tickets: what is accepted, how it is kept, whether all are there (TKT-05)."""
