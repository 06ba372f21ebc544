"""Bases of everything that has a Chinese and an English name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


#: The languages that people read: names of columns and of stored texts, with Django's codes.
LANGUAGES = {"zh": "zh-hans", "en": "en"}


def in_language(zh: str, en: str) -> str:
    """Return the text of the active language; the other one where it is missing."""
    chinese = (get_language() or "").startswith("zh")
    return (zh or en) if chinese else (en or zh)


def in_both(write: Callable[[], Any]) -> dict[str, str]:
    """What ``write`` says in each language, {"zh": …, "en": …}: so are texts stored that all read in theirs.

    Times in it are of the portal's zone, whoever has it written.
    """
    found = {}
    for name, language in LANGUAGES.items():
        with override(language), timezone.override(timezone.get_default_timezone()):
            found[name] = str(write())
    return found


class BilingualName(models.Model):
    """A row that people know by a Chinese and an English name."""

    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self.name_zh, self.name_en)


class CodeTableQuerySet(models.QuerySet):
    """Rows of a code table."""

    def visible_to(self, user: User) -> CodeTableQuerySet:
        """Every row, for whoever is signed in; tables that say more about customers narrow it (ORG-03)."""
        return self

    def active(self) -> CodeTableQuerySet:
        """Rows that may be chosen for new records."""
        return self.filter(active=True)


class CodeTable(BilingualName):
    """A list of choices that administrators edit (ADM-01).

    ``code`` is the stable key that records, the API and integrations use; it never changes. Rows in
    use are switched off with ``active``, never deleted.
    """

    code = models.CharField(_("code"), max_length=40, primary_key=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects = CodeTableQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "code"]
