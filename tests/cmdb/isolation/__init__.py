"""What customers learn of configuration items that are not theirs: nothing, at any door (ORG-03)."""
