"""The door through which records without a number change: announcements today; articles and agreements come."""
