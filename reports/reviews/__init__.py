"""Half-yearly reviews of a process: its figures against a baseline, and what was found (RPT-03)."""
