"""Entering a caller by hand."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.querysets import phone_digits


class CallerForm(forms.Form):
    """Name, organisation, how to reach them. They get no role: only an administrator lets people sign in."""

    full_name = forms.CharField(label=_("Name"), max_length=100)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    organisation = forms.ModelChoiceField(
        Organisation.objects.filter(active=True), label=_("Organisation"), to_field_name="code", empty_label="—"
    )
    email = forms.EmailField(label=_("Email"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "caller_%s", **kwargs})

    @staticmethod
    def from_words(words: str) -> dict[str, str]:
        """What the desk typed in search of them: a number, or a name."""
        digits = phone_digits(words.strip())
        return {"phone": words.strip()} if len(digits) > 2 else {"full_name": words.strip()}

    def clean_email(self) -> str:
        """An address belongs to one person."""
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody with this address is known already: search for it."))
        return email

    @transaction.atomic
    def add_person(self, *, by: User) -> User:
        """Store the person, without password and roles; the administration's log says who added them."""
        data = self.cleaned_data
        person = User.objects.create_user(
            f"caller-{secrets.token_hex(4)}",
            full_name=data["full_name"],
            phone=data["phone"],
            email=data["email"],
            organisation=data["organisation"],
        )
        added = User.objects.filter(pk=person.pk)
        LogEntry.objects.log_actions(
            by.pk, added, ADDITION, str(_("Added while registering a call.")), single_object=True
        )
        return person
