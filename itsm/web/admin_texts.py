"""Texts for the scripts of Django's administration, with those that Django has not translated."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_noop
from django.views.i18n import JavaScriptCatalog

UNTRANSLATED = (
    gettext_noop('Choose %s by selecting them and then select the "Choose" arrow button.'),
    gettext_noop('Remove %s by selecting them and then select the "Remove" arrow button.'),
    gettext_noop("Choose all %s"),
    gettext_noop("Choose selected %s"),
    gettext_noop("Remove all %s"),
    gettext_noop("Remove selected %s"),
    gettext_noop("(click to clear)"),
)


class AdminTexts(JavaScriptCatalog):
    """Takes the place of the administration's own catalogue."""

    packages = ["django.contrib.admin"]

    def get_catalog(self) -> dict[str, Any]:
        """Add what is missing, from our catalogue."""
        return {**super().get_catalog(), **{text: gettext(text) for text in UNTRANSLATED}}
