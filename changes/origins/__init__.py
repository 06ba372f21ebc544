"""What changes come of: tickets, problems, items, copies; and what tickets see of changes nearby."""
