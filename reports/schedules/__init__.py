"""Reports that are sent regularly: saved lists and boards, to each reader what that reader sees (RPT-05)."""
