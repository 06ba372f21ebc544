"""The clocks of tickets: how much of a promise is used, what fires when, how it was counted."""
