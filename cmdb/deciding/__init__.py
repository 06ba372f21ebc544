"""What discovery, audits and people saw otherwise is decided by a person, and stays so (CMDB-08)."""
