"""The monthly review of incidents (INC-17)."""
