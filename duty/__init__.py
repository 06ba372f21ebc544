"""Who is on duty: rosters, rotations, swaps, absences (ORG-05)."""
