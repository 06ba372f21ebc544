"""Forms and rules of the pages on people and roles."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.contrib.admin import site
from django.contrib.admin.widgets import FilteredSelectMultiple, RelatedFieldWidgetWrapper
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Organisation, Role, SupportGroup, User
from accounts.permissions import Permission

LAST_ADMINISTRATOR = _("At least one active person must be able to administer the portal.")


def administrators() -> QuerySet[User]:
    """Active people with a role that lets them administer the portal."""
    roles = Role.objects.filter(active=True, permissions__contains=[Permission.ADMIN.value])
    return User.objects.active().filter(roles__in=roles).distinct()


def lock_administration() -> None:
    """Let one change to who administers happen at a time: two administrators could remove one another."""
    list(Role.objects.select_for_update().filter(permissions__contains=[Permission.ADMIN.value]).values("pk"))


class PersonForm(forms.ModelForm):
    """A person; the last administrator stays one."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    support_groups = forms.ModelMultipleChoiceField(
        SupportGroup.objects.all(),
        label=_("Support groups"),
        required=False,
        widget=RelatedFieldWidgetWrapper(  # lays the two boxes out as for fields of the model
            FilteredSelectMultiple(_("support groups"), is_stacked=False),
            SupportGroup.members.through._meta.get_field("supportgroup").remote_field,
            site,
            can_add_related=False,
        ),
    )

    class Meta:
        model = User
        exclude = ("password",)  # noqa: DJ006  (the page names the fields)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["support_groups"] = list(self.instance.support_groups.all())
        if "time_zone" in self.fields:
            zones = sorted(zoneinfo.available_timezones())
            self.fields["time_zone"].choices = [("", "—"), *((z, z) for z in zones)]  # type: ignore[attr-defined]
        if "department" in self.fields:
            own = Department.objects.filter(organisation_id=self.instance.organisation_id)
            chosen = self.data.get("organisation")
            if chosen and chosen.isdecimal():
                own = Department.objects.filter(organisation_id=chosen)
            self.fields["department"].queryset = own  # type: ignore[attr-defined]

    def _save_m2m(self) -> None:
        """The groups are stored with the groups."""
        super()._save_m2m()  # type: ignore[misc]
        self.instance.support_groups.set(self.cleaned_data["support_groups"])

    def clean(self) -> dict[str, Any]:
        """Somebody must be left who administers."""
        cleaned = super().clean() or {}
        lock_administration()
        others = administrators().exclude(pk=self.instance.pk)
        if self._was_administrator() and not self._stays(cleaned) and not others.exists():
            raise ValidationError(LAST_ADMINISTRATOR)
        return cleaned

    def _was_administrator(self) -> bool:
        return self.instance.pk is not None and administrators().filter(pk=self.instance.pk).exists()

    def _stays(self, cleaned: dict[str, Any]) -> bool:
        roles = cleaned.get("roles")
        grants = any(role.active and Permission.ADMIN in role.permissions for role in roles or [])
        return bool(cleaned.get("is_active")) and grants


class NewPersonForm(AdminUserCreationForm):
    """A new person; with a password, or without one until single sign-on knows them."""

    class Meta:
        model = User
        fields = ("username", "full_name", "organisation")


class RoleForm(forms.ModelForm):
    """A role with its permissions; somebody must keep the right to administer."""

    permissions = forms.MultipleChoiceField(
        label=_("Permissions"), choices=Permission.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Role
        fields = "__all__"  # noqa: DJ007  (the page names the fields)

    def clean(self) -> dict[str, Any]:
        """Other roles must make somebody an administrator when this one no longer does."""
        cleaned = super().clean() or {}
        lock_administration()
        if not self._grants(cleaned) and self._granted() and not self._others_administer():
            raise ValidationError(LAST_ADMINISTRATOR)
        return cleaned

    def _grants(self, cleaned: dict[str, Any]) -> bool:
        return bool(cleaned.get("active")) and Permission.ADMIN in cleaned.get("permissions", [])

    def _granted(self) -> bool:
        return administrators().exists()

    def _others_administer(self) -> bool:
        roles = Role.objects.filter(active=True, permissions__contains=[Permission.ADMIN.value])
        others = roles.exclude(pk=self.instance.pk)
        return User.objects.active().filter(roles__in=others).exists()


class OrganisationForm(forms.ModelForm):
    """An organisation; the provider stays active."""

    class Meta:
        model = Organisation
        fields = "__all__"  # noqa: DJ007  (the page names the fields)

    def clean_active(self) -> bool:
        """The portal cannot be without its provider."""
        active = self.cleaned_data["active"]
        if not active and self.instance.kind == Organisation.Kind.PROVIDER:
            raise ValidationError(_("The provider cannot be switched off."))
        return active
