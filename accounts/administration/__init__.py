"""Pages on which administrators look after people and code tables (ADM-01)."""
