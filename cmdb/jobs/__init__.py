"""Long work on many items, done by a worker and followed live: imports, their taking back, withdrawals (CMDB-05)."""
