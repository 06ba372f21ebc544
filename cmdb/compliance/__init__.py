"""Rules that the record must keep to: a query that holds for all of a class, or that finds nothing (CMDB-07)."""
