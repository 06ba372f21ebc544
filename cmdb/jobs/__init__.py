"""Long work on many items, done by a worker and followed live: imports, withdrawals of sources (CMDB-05)."""
