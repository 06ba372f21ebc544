"""Several people who write one investigation at once lose no word."""
