"""``manage.py api_token``: for integrations that are set up from a shell."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.access.tokens import LIFETIME, create_token
from accounts.models import ApiToken, User


class Command(BaseCommand):
    """Make a token and print it, and nothing else: it can be piped, and it cannot be shown again."""

    help = "Make an API token of a person and print it. It is shown this once only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, what for, what it may, how long."""
        parser.add_argument("username")
        parser.add_argument("--name", default="manage.py", help="what it is for")
        parser.add_argument(
            "--scope", action="append", choices=ApiToken.Scope.values, help="repeatable; every one unless given"
        )
        parser.add_argument("--days", type=int, default=LIFETIME.days, help="until it expires (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print exactly one line."""
        user = User.objects.active().filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no active person with the user name {options['username']}.")
        if not 1 <= options["days"] <= 3650:
            raise CommandError("--days must be between 1 and 3650.")
        lifetime = timedelta(days=options["days"])
        _token, text = create_token(user=user, name=options["name"], scopes=options["scope"], lifetime=lifetime)
        self.stdout.write(text)
