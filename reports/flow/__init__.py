"""The process as it really runs, from the log of its tickets (RPT-05)."""
