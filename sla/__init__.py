"""Service levels: business time, promises, clocks, escalation (SLM)."""
