"""What the figures of problems count: register, monthly report, cost (PRB-09)."""
