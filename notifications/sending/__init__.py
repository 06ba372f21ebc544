"""From the outbox to the receiver: claiming, trying, trying again (NTF-03)."""
