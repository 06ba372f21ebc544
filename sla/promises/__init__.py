"""What is promised to whom: policies, trying a draft on history, agreed times (SLM-02, SLM-10)."""
