"""Columns whose content only the portal reads: the database and its backups hold it sealed (SEC-03)."""

from __future__ import annotations

from typing import Any

from django.db import models

from itsm.sealing import NotSealedError, seal, unseal

SEALED = "sealed:"


class SealedTextField(models.TextField):
    """A text that is sealed on its way into the database; a filter by it finds nothing, every seal is another one.

    ``purpose`` is part of the key: what was sealed for one column does not open in another. A text of before it was
    sealed is read as it is. One that cannot be opened, since ``SECRET_KEY`` is another one, reads as empty.
    """

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """As Django asks, with the purpose."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "purpose": self.purpose}

    def get_prep_value(self, value: Any) -> Any:
        """What the database keeps."""
        text = super().get_prep_value(value)
        return f"{SEALED}{seal(text, purpose=self.purpose)}" if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """The text."""
        if not value or not value.startswith(SEALED):
            return value
        try:
            return unseal(value.removeprefix(SEALED), purpose=self.purpose)
        except NotSealedError:
            return ""
