"""Audits: which items are checked against reality, what was found, how accurate the record is (CMDB-07)."""
