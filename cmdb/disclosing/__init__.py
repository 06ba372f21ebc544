"""What customers learn of items: of their own, of those released to them, and of nothing else (ORG-03)."""
