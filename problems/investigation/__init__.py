"""The record of an investigation: evidence, causes, fishbone (PRB-04)."""
