"""What people and programs are told: notices, channels, the outbox (NTF)."""
