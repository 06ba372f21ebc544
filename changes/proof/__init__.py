"""What is printed and archived of a change: record, order for its items, proof pack (TKT-12, CHG-07)."""
