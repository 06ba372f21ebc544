"""What a change owes its configuration items: the notice, and the order to update them (CHG-08, CMDB-06)."""
