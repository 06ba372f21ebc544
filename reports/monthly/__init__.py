"""The monthly service report of each customer: made, approved, sent (RPT-01)."""
