"""What the figures of incidents count."""
