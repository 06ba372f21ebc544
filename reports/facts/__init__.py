"""Narrow facts that figures of incidents are counted from, and keeping them true (RPT-01)."""
