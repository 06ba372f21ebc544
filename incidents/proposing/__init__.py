"""Another priority that somebody proposes and somebody else decides (INC-04)."""
