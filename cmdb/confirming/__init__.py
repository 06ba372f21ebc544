"""Owners say at the rhythm of the class that what is recorded of their items still stands (CMDB-07)."""
