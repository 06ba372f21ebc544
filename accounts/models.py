"""People, the organisations they belong to, the groups they work in, the roles they hold."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access.models import AccessEvent
from accounts.codes import BilingualName, CodeTable, in_language
from accounts.permissions import Permission
from accounts.phones import keys_of
from accounts.querysets import OrganisationQuerySet, SupportGroupQuerySet, UserManager


class Organisation(BilingualName):
    """A customer, a supplier (third line), or the provider itself. Records belong to customers."""

    class Kind(models.TextChoices):
        PROVIDER = "provider", _("Provider")
        CUSTOMER = "customer", _("Customer")
        SUPPLIER = "supplier", _("Supplier")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    active = models.BooleanField(_("active"), default=True)
    closes_on_confirmation = models.BooleanField(
        _("confirmation closes"),
        default=False,
        help_text=_("A requester's confirmation closes the ticket; otherwise the service desk closes it with that."),
    )
    rating_percent = models.PositiveSmallIntegerField(
        _("asked for a rating (%)"),
        default=100,
        help_text=_("Of so many closed tickets the requester is asked how it was. 0: nobody is."),
    )
    decision_makers: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        "User",
        blank=True,
        related_name="+",
        verbose_name=_("decision makers"),
        help_text=_("Whom approvals ask that are for this organisation to decide."),
    )
    interface_person = models.ForeignKey(
        "User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("interface person"),
        help_text=_("Whom the provider turns to; told of changes that touch the organisation."),
    )
    report_contacts: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        "User",
        blank=True,
        related_name="+",
        verbose_name=_("report contacts"),
        help_text=_("Who gets the organisation's service reports."),
    )
    report_language = models.CharField(
        _("language of reports"),
        max_length=10,
        choices=settings.LANGUAGES,
        blank=True,
        help_text=_("Empty: that of the portal."),
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "code"]
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(condition=Q(rating_percent__lte=100), name="organisation_rates_all_at_most")
        ]


class Department(BilingualName):
    """A part of an organisation."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="departments", verbose_name=_("organisation")
    )
    manager = models.ForeignKey(
        "User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("manager"),
        help_text=_("Whom approvals ask that a department's manager decides."),
    )

    class Meta:
        ordering = ["organisation", "name_zh"]
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints = [models.UniqueConstraint(fields=["organisation", "name_zh"], name="department_unique")]


class Role(CodeTable):
    """A role of the processes; its permissions and the page it begins on are edited by administrators."""

    class FirstPage(models.TextChoices):
        QUEUE = "queue", _("Workspace")
        BOARD = "board", _("Indicators")
        PROBLEMS = "problems", _("Indicators of problems")
        CHANGES = "changes", _("Indicators of changes")
        LIVE = "live", _("Live board")

    first_page = models.CharField(
        _("first page"),
        max_length=10,
        choices=FirstPage,
        default=FirstPage.QUEUE,
        help_text=_("Where people with this role begin. Of several roles the one that begins on a board decides."),
    )
    permissions = ArrayField(
        models.CharField(max_length=40, choices=Permission),
        verbose_name=_("permissions"),
        default=list,
        blank=True,
    )

    class Meta(CodeTable.Meta):
        verbose_name = _("role")
        verbose_name_plural = _("roles")


class PhoneKeysField(ArrayField):
    """The normal forms of a person's numbers, by which callers are found; written with every whole save of the row."""

    def pre_save(self, model_instance: Any, add: bool) -> list[str]:
        """What the numbers of ``model_instance`` say now."""
        keys = keys_of(model_instance.phone, model_instance.mobile)
        setattr(model_instance, self.attname, keys)
        return keys

    def deconstruct(self) -> Any:
        """To migrations it is a list of texts."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, kwargs


class User(AbstractBaseUser):
    """A person who signs in, or an integration. Belongs to exactly one organisation."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    username = models.CharField(_("user name"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    full_name = models.CharField(pgettext_lazy("person", "name"), max_length=100)
    full_name_en = models.CharField(_("name in Latin letters"), max_length=100, blank=True)
    email = models.EmailField(_("email"), blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="people", verbose_name=_("organisation")
    )
    department = models.ForeignKey(Department, models.SET_NULL, null=True, blank=True, verbose_name=_("department"))
    employee_number = models.CharField(_("employee number"), max_length=40, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    phone_keys = PhoneKeysField(models.CharField(max_length=40), default=list, editable=False)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    preferences = models.JSONField(default=dict, editable=False)
    roles = models.ManyToManyField(Role, blank=True, related_name="people", verbose_name=_("roles"))
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name", "email"]

    class Meta:
        ordering = ["username"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("username"), name="username_unique_any_case"),
            models.UniqueConstraint(Lower("email"), name="email_unique_any_case", condition=~models.Q(email="")),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name in the active language."""
        return in_language(self.full_name, self.full_name_en) or self.username

    @property
    def initials(self) -> str:
        """One or two characters that stand for the person in an avatar."""
        words = self.display_name.split()
        return "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else words[0][:1]

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Permission codes that the roles grant; none for an inactive person."""
        loaded = getattr(self, "loaded_permissions", None)
        if loaded is None:
            loaded = self.roles.filter(active=True).values_list("permissions", flat=True)
        return frozenset(code for codes in loaded for code in codes) if self.is_active else frozenset()

    @cached_property
    def group_ids(self) -> frozenset[int]:
        """Support groups the person works in."""
        loaded = getattr(self, "loaded_group_ids", None)
        return frozenset(self.support_groups.values_list("pk", flat=True) if loaded is None else loaded)

    def may(self, permission: str) -> bool:
        """Whether one of the person's roles grants ``permission``."""
        return permission in self.permissions

    @property
    def first_page(self) -> str:
        """Where the person begins: of several roles one that begins on a board. One query."""
        pages = set(self.roles.filter(active=True).values_list("first_page", flat=True))
        return next((page for page in Role.FirstPage.values if page in pages - {"queue"}), "queue")

    @property
    def is_agent(self) -> bool:
        """Whether the person works for the provider or a supplier: sees the workspace, not the portal."""
        return bool(self.permissions & {Permission.VIEW, Permission.WORK})

    @property
    def makes_tokens(self) -> bool:
        """Whether the person may make API tokens."""
        return self.may(Permission.TOKEN)

    # What Django's admin asks of a user. Administrators may do everything there; nobody else enters.
    @property
    def is_staff(self) -> bool:
        """Whether the person may enter the administration."""
        return self.may(Permission.ADMIN)

    @property
    def is_superuser(self) -> bool:
        """Administrators are not limited inside the administration."""
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Model permissions exist for the administration only."""
        return self.is_active and self.is_staff

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        """See ``has_perm``."""
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """See ``has_perm``."""
        return self.is_active and self.is_staff

    def get_full_name(self) -> str:
        """Used by Django's admin."""
        return self.display_name

    def get_short_name(self) -> str:
        """Used by Django's admin."""
        return self.display_name


class Tier(models.TextChoices):
    """Lines of support (ORG-02). Escalation goes down this list."""

    DESK = "desk", _("Service desk")
    FIRST = "tier1", _("First line")
    SECOND = "tier2", _("Second line")
    THIRD = "tier3", _("Third line (vendor)")

    @property
    def rank(self) -> int:
        """0 for the desk up to 3 for vendors."""
        return list(Tier).index(self)


class SupportGroup(BilingualName):
    """People who take tickets together (分派组)."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    tier = models.CharField(_("tier"), max_length=5, choices=Tier)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="groups", verbose_name=_("organisation")
    )
    lead = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="led_groups", verbose_name=_("lead")
    )
    members = models.ManyToManyField(User, blank=True, related_name="support_groups", verbose_name=_("members"))
    escalates_to = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("escalates to"),
        help_text=_("The group of a higher line that takes over what is out of time here."),
    )
    active = models.BooleanField(_("active"), default=True)

    objects = SupportGroupQuerySet.as_manager()

    class Meta:
        ordering = ["tier", "name_zh"]
        verbose_name = _("support group")
        verbose_name_plural = _("support groups")


class ApiToken(models.Model):
    """A secret with which an integration acts as its owner, limited to scopes.

    Only a keyed hash of the secret is stored; the secret is shown once. Written as
    ``itsm_<id>_<43 characters>``.
    """

    bearer_digest = "secret_hash"

    class Scope(models.TextChoices):
        TICKETS_READ = "tickets:read", _("Read tickets")
        TICKETS_WRITE = "tickets:write", _("Register tickets and act on them")
        DIRECTORY_READ = "directory:read", _("Read people, groups, services and code tables")
        CMDB_WRITE = "cmdb:write", _("Record and discover configuration items")

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=100)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    @property
    def is_valid(self) -> bool:
        """Neither revoked nor expired, and its owner active."""
        return self.revoked_at is None and timezone.now() < self.expires_at and self.user.is_active


class RateBucket(models.Model):
    """How many requests a token, person or address made in the current minute. Written by ``accounts.limits``."""

    key = models.CharField(max_length=80, primary_key=True)
    window_start = models.DateTimeField()
    hits = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.hits}"


class RestoreEpoch(models.Model):
    """The single row whose random ``value`` is part of every signed thing; a restore makes another one.

    A link that was used, or a password that was changed, after the backup must not work again with what came back.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="restore_epoch_single_row")]

    def __str__(self) -> str:
        return "restore epoch"


__all__ = [
    "AccessEvent",
    "ApiToken",
    "Department",
    "Organisation",
    "RateBucket",
    "RestoreEpoch",
    "Role",
    "SupportGroup",
    "Tier",
    "User",
]
