"""What imports read and what they ask."""
