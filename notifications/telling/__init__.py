"""What each process tells, and whom."""
