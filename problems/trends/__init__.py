"""Trend analysis: what comes in bursts and what keeps coming (PRB-02)."""
