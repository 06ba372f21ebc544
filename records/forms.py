"""Forms of steps: they check the input of pages and programs alike, and know the record and the person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _


class OfARecord:
    """What every form of a step can do."""

    #: What a program leaves out keeps its value.
    keeps_missing: ClassVar[bool] = False

    def kept(self) -> dict[str, Any]:
        """What a program need not send."""
        return {}

    def save_related(self) -> None:
        """Store what stands in tables between, once the record is stored."""

    def refuse_unknown(self: Any, names: Iterable[str]) -> None:
        """Count each of ``names`` that the form does not have as an error."""
        for name in sorted(set(names) - set(self.fields)):
            self.errors[name] = self.error_class([str(_("There is no such field."))])


class StepForm(OfARecord, forms.Form):
    """Base of the forms of steps; itself one that asks nothing."""

    def __init__(self, *args: Any, record: Any, user: Any, **kwargs: Any) -> None:
        self.record, self.user = record, user
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class RecordForm(OfARecord, forms.ModelForm):
    """Base of the forms that write the record itself; the door saves it."""

    def __init__(self, *args: Any, record: Any, user: Any, **kwargs: Any) -> None:
        self.record, self.user = record, user
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs | {"instance": record})

    def kept(self) -> dict[str, Any]:
        """Everything that is stored."""
        return dict(self.initial) if self.instance.pk else {}

    def save_related(self) -> None:
        """Which rows were chosen, where several can be."""
        self._save_m2m()  # type: ignore[attr-defined]  # Django's own, of a form that is not saved itself
