"""What the database keeps and guards of tickets: declared states, triggers, numbers, indexes."""
