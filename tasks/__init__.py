"""Tasks: pieces of another ticket's work, given to somebody (INC-07)."""
