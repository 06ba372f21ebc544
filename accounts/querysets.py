"""Who sees which people and organisations, and one-query loading of a person with their rights."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q

from accounts.permissions import Permission
from accounts.phones import normal

if TYPE_CHECKING:
    from accounts.models import User


NOT_DIGITS = re.compile(r"\D")
_PHONE = re.compile(r"[+(]?\d[\d\s().+-]*")
#: Fewer digits are no number that somebody calls from.
SHORTEST_NUMBER = 3


def phone_digits(word: str) -> str:
    """The digits of ``word`` when it could be (a part of) a phone number, else an empty text."""
    return NOT_DIGITS.sub("", word) if _PHONE.fullmatch(word) else ""


def _has_digits(digits: str, typed: str) -> Q:
    """Somebody whose number is the one that was ``typed``, or has ``digits`` in it, whatever stands between them."""
    pattern = "[^0-9]*".join(digits)
    anywhere = Q(phone__regex=pattern) | Q(mobile__regex=pattern) | Q(username__icontains=typed)
    return anywhere | Q(employee_number__icontains=typed) | Q(phone_keys__overlap=normal(typed))


class OrganisationQuerySet(models.QuerySet):
    """Organisations."""

    def visible_to(self, user: User) -> OrganisationQuerySet:
        """Every one for those who see people of every organisation, else the own one (ORG-03)."""
        return self if user.may(Permission.PEOPLE_VIEW) else self.filter(pk=user.organisation_id)


class SupportGroupQuerySet(models.QuerySet):
    """Support groups."""

    def visible_to(self, user: User) -> SupportGroupQuerySet:
        """Every one for those who see people of every organisation, else those of the own one (ORG-03)."""
        return self if user.may(Permission.PEOPLE_VIEW) else self.filter(organisation_id=user.organisation_id)


class UserQuerySet(models.QuerySet):
    """People."""

    def visible_to(self, user: User) -> UserQuerySet:
        """Everybody for those who may search people, else colleagues of the own organisation (ORG-03)."""
        if user.may(Permission.PEOPLE_VIEW):
            return self
        return self.filter(organisation_id=user.organisation_id)

    def active(self) -> UserQuerySet:
        """People who still sign in."""
        return self.filter(is_active=True)

    def signing_in(self) -> UserQuerySet:
        """Active people who can sign in; integrations, and names that came with old tickets, cannot."""
        return self.active().exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)

    def holding(self, *permissions: str) -> UserQuerySet:
        """People whose roles give them one of ``permissions``; a role that is switched off gives none."""
        return self.filter(roles__permissions__overlap=list(permissions), roles__active=True).distinct()

    def matching(self, words: str) -> UserQuerySet:
        """People whose name, user name, phone or employee number contains each of ``words`` (INC-02).

        Digits find phones however those are written: any part of them, with or without separators.
        """
        plain = unicodedata.normalize("NFKC", words).strip()
        if digits := phone_digits(plain):  # blanks stand inside the number, not between words
            return self.filter(_has_digits(digits, plain))
        found = self
        for word in words.split():
            anywhere = Q(full_name__icontains=word) | Q(full_name_en__icontains=word)
            anywhere |= Q(username__icontains=word) | Q(employee_number__icontains=word) | Q(email__icontains=word)
            if digits := phone_digits(word):
                anywhere |= _has_digits(digits, word)
            found = found.filter(anywhere)
        return found

    def with_phone(self, number: str) -> UserQuerySet:
        """People who are called by ``number`` as a telephone system gives it: with a country code, or an extension."""
        wanted = [key for key in normal(number) if len(key) >= SHORTEST_NUMBER]
        return self.filter(phone_keys__overlap=wanted) if wanted else self.none()

    def with_access(self) -> UserQuerySet:
        """Load roles' permissions and group ids with the person: one query instead of three."""
        from accounts.models import Role, SupportGroup  # models import this module

        permissions = (
            Role.objects.filter(people=OuterRef("pk"), active=True)
            .annotate(row=models.Func("permissions", function="to_jsonb", output_field=models.JSONField()))
            .values("row")
        )
        groups = SupportGroup.objects.filter(members=OuterRef("pk")).values("pk")
        return self.select_related("organisation").annotate(
            loaded_permissions=ArraySubquery(permissions),
            loaded_group_ids=ArraySubquery(groups),
        )


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates people with a usable or an unusable password."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Create a person; without a password nobody can sign in as them."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator of the provider's organisation (``manage.py createsuperuser``)."""
        from accounts.models import Organisation, Role  # models import this module

        provider, _ = Organisation.objects.get_or_create(
            kind=Organisation.Kind.PROVIDER,
            defaults={"code": "provider", "name_zh": "运维中心", "name_en": "Service provider"},
        )
        user = self.create_user(username, password, organisation=provider, **fields)
        role, _ = Role.objects.get_or_create(
            code="administrator",
            defaults={
                "name_zh": "管理员",
                "name_en": "Administrator",
                "permissions": [code.value for code in Permission],
            },
        )
        user.roles.add(role)
        return user
