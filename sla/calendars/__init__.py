"""Which time counts: calendars, holidays, and the arithmetic of business time."""
