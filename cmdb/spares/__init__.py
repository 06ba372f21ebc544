"""Spare parts in stock (CMDB-10)."""
