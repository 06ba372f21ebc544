"""What the portal does with incidents by itself: when a time is over, or because of another one."""
