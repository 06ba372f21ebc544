"""The emergency procedure of P1 and P2 (MAJ-01, MAJ-02)."""
