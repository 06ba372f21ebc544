"""The measures that kinds bring, and the named sets of tickets that they count."""
