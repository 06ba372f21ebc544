"""Coming in: sign-ins and their log, sessions, API tokens, and what ends them (SEC-03)."""
