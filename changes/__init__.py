"""Changes: planned, approved, carried out, reviewed (CHG)."""
