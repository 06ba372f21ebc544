"""What is still owed to an incident after it came back (INC-21)."""
