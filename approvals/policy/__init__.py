"""Who decides what: policies, their versions, and whether they can be decided at all."""
