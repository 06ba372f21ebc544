"""Deciding: policies, rounds, decisions, delegation; for any kind of ticket (CHG-02, PRB-05)."""
