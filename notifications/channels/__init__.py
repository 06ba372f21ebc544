"""Ways to reach somebody: mail, SMS, webhooks, chat rooms."""
