"""Quarterly process meetings (流程回顾会议): figures as of then, minutes, decisions (RPT-03)."""
