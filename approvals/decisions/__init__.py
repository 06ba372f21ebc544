"""Who may decide a step right now, deciding it, and what makes an approval fall."""
