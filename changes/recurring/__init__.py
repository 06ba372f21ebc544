"""Changes that come again by a rule: raised in time, once for each date, their owners told (CHG-01, CHG-02)."""
