"""Lists as files, made in the background (TKT-08)."""
