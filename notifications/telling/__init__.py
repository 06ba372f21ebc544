"""What is told of what stands below tickets, and of months; kinds and approvals have notices of their own."""
