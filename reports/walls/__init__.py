"""What stands now: the live board and wall displays (DESK-03)."""
