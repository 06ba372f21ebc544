from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate

from itsm.run import migrating


class Command(DjangoMigrate):
    """Django's own, which on a live database waits its turn, takes its time and mends what an interruption left."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate alone; what could not get a lock quickly is tried again, so that pages never queue behind it."""
        migrating.refuse_too_old()
        migrating.alone(lambda: super(Command, self).handle(*args, **options), self.stdout.write)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Before each step set how long it may wait for locks."""
        if action == "apply_start":
            migrating.prepare_step(migration)
        super().migration_progress_callback(action, migration, fake)
