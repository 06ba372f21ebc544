"""``manage.py messages``: keeps the Chinese texts complete, without GNU gettext."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import to_locale

from itsm import messages


class Command(BaseCommand):
    """Updates the catalogue from the sources, checks it, or compiles it."""

    help = "Update the translations from the sources; --check only reports, --compile writes the binary file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One of two switches; without any the catalogue is updated."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--check", action="store_true", help="fail when a text is missing, fuzzy or unused")
        group.add_argument("--compile", action="store_true", help="write the binary files that Django reads")

    def handle(self, *args: Any, check: bool, compile: bool, **options: Any) -> None:
        """Do it for every language but English, which is the source."""
        for language, _name in settings.LANGUAGES:
            if language != "en":
                self._handle(_po_file(language), check=check, compiling=compile)

    def _handle(self, po_file: Path, *, check: bool, compiling: bool) -> None:
        if compiling:
            messages.compile_catalogue(po_file)
        elif check:
            self._check(po_file)
        else:
            messages.update(po_file, messages.collect(settings.BASE_DIR))
            missing = len(messages.check(po_file, messages.collect(settings.BASE_DIR)).missing)
            self.stdout.write(f"{po_file.relative_to(settings.BASE_DIR)}: {missing} texts to translate.")

    def _check(self, po_file: Path) -> None:
        report = messages.check(po_file, messages.collect(settings.BASE_DIR))
        for problem, texts in vars(report).items():
            for text in texts:
                self.stderr.write(f"{problem}: {text}")
        if report:
            raise CommandError("Translations are not complete; run `manage.py messages` and fill in the texts.")
        self.stdout.write("Translations are complete.")


def _po_file(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / to_locale(language) / "LC_MESSAGES" / "django.po"
