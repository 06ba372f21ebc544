"""What the portal does to tickets when a time is over: rules and commands (INC-09, INC-13)."""
