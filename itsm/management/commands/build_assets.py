"""``manage.py build_assets``: builds the front-end files."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from itsm.web import assets


class Command(BaseCommand):
    """Builds app.css, the icon sprite and the libraries' scripts from node_modules."""

    help = "Build the front-end files from node_modules and static/ (fast; safe to repeat)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Build; an unknown icon or a missing package ends the command with its name."""
        try:
            icons = assets.build(base_dir=settings.BASE_DIR, target=settings.BUILD_DIR / "assets")
        except assets.AssetError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"Built the front-end with {len(icons)} icons.")
