"""Questions about items: what an address asks, kept under a name, compared between two moments."""
