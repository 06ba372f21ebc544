"""Standard changes: pre-approved templates, their versions, ordering one (CHG-02)."""
