"""Rules that the record must keep to, at any moment and in the API."""
