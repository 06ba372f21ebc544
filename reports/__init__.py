"""Boards and reports: one definition of each figure, many doors (RPT)."""
