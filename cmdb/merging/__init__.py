"""Two records that are one thing, one record that is two: merged, split, and taken back (CMDB-01)."""
