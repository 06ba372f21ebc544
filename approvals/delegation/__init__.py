"""Who decides for whom, for a period."""
