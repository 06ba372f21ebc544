"""The configuration items of a change: chosen one by one, or all that fit a question."""
