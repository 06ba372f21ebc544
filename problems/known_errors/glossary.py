"""The glossary: what terms are called in the other language, so that a report in one finds what is known in the other.

It is a list that problem managers edit; nothing is guessed. The longest term counts where one holds another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from problems.known_errors.models import Term

#: A term of Latin letters stands alone: not within another word; its plural is the same term.
_ALONE = r"(?<![a-z0-9]){}(?:s|es)?(?![a-z0-9])"
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,}")
_LATIN = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True)
class Translation:
    """What of a text the glossary knows: the terms as they stand there, and what they are called otherwise."""

    covered: str
    text: str


class Glossary:
    """Terms in both languages, ready for looking them up in texts."""

    def __init__(self, terms: Iterable[tuple[str, str]]) -> None:
        """``terms``: Chinese and English; a term may have several names in the other language."""
        by_zh, by_en = defaultdict(list), defaultdict(list)
        for zh, en in terms:
            by_zh[zh.lower()].append(en.lower())
            by_en[en.lower()].append(zh.lower())
        self.chinese = [(re.compile(re.escape(zh)), names) for zh, names in _longest_first(by_zh)]
        self.english = [(re.compile(_ALONE.format(re.escape(en))), names) for en, names in _longest_first(by_en)]

    def translate(self, text: str) -> Translation:
        """The terms that stand in ``text``, and their names in the other language."""
        rest, covered, found = text.lower(), [], []
        for pattern, names in (*self.chinese, *self.english):
            if said := pattern.search(rest):
                covered.append(said[0])
                found += names
                rest = pattern.sub(" ", rest)
        return Translation(" ".join(covered), " ".join(found))


def _longest_first(terms: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    return sorted(terms.items(), key=lambda pair: (-len(pair[0]), pair[0]))


class TermForm(forms.ModelForm):
    """A term in both languages."""

    class Meta:
        model = Term
        fields = ("zh", "en")

    def clean_zh(self) -> str:
        """Chinese, of two characters at least: fewer stand in any text by chance."""
        text: str = self.cleaned_data["zh"].strip()
        if not _CHINESE.search(text):
            raise forms.ValidationError(_("At least two Chinese characters are expected."))
        return text

    def clean_en(self) -> str:
        """Latin letters."""
        text: str = " ".join(self.cleaned_data["en"].split())
        if not _LATIN.search(text.lower()) or _CHINESE.search(text):
            raise forms.ValidationError(_("A term in Latin letters is expected."))
        return text

    def clean(self) -> dict[str, Any]:
        """Each pair once, however it is written."""
        cleaned = super().clean() or {}
        zh, en = cleaned.get("zh"), cleaned.get("en")
        twins = Term.objects.exclude(pk=self.instance.pk).filter(zh__iexact=zh or "", en__iexact=en or "")
        if zh and en and twins.exists():
            self.add_error("en", _("The glossary has this pair already."))
        return cleaned


LABELS = {"zh": gettext_lazy("Chinese"), "en": gettext_lazy("English")}
