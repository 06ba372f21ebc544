"""What begins an emergency procedure, and who commands it."""

from tickets.meaning import Emergency

#: P1 and P2 are emergencies.
EMERGENCY = Emergency(
    last_rank=2, commander="incident_manager", follow="incidents.emergencies.beginning.follow_priority"
)
