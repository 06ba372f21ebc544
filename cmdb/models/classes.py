"""Classes of configuration items in a tree, and the attributes their items have, defined as data (CMDB-01)."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.codes import BilingualName, CodeTable
from accounts.models import User


class CIClass(CodeTable):
    """A class of configuration items. Its items have its own attributes and those of the classes above.

    ``controls`` and ``observes``: codes of attributes and of types of relations that are controlled, or observed, for
    its items and those of the classes below, whatever the attribute, the type or a class above says (CMDB-06).
    """

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("class above")
    )
    plan = models.TextField(
        _("configuration plan"),
        blank=True,
        help_text=_("Which items belong here, how deep they are recorded, who keeps them."),
    )

    confirm_days = models.PositiveSmallIntegerField(
        _("owners confirm every … days"),
        null=True,
        blank=True,
        help_text=_("0: never. Empty: as the class above says; never where none does."),
    )

    controls = models.JSONField(_("controlled here"), default=list, blank=True)
    observes = models.JSONField(_("observed here"), default=list, blank=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("class of configuration items")
        verbose_name_plural = _("classes of configuration items")

    def definition(self) -> dict[str, Any]:
        """What is said about it, as kept with each change."""
        names = ("name_zh", "name_en", "parent_id", "plan", "confirm_days", "position", "active")
        return {name: getattr(self, name) for name in (*names, "controls", "observes")}


class DefinitionVersion(models.Model):
    """How something of the model was defined from a moment on; so a page of the past shows the names of the past."""

    never_emptied = True
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    definition = models.JSONField()

    class Meta:
        abstract = True
        ordering = ["at", "pk"]


class CIClassVersion(DefinitionVersion):
    """How a class was defined from a moment on."""

    ci_class = models.ForeignKey(CIClass, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.ci_class_id} {self.at:%Y-%m-%d %H:%M}"


class CIStatus(CodeTable):
    """Where a configuration item stands in its life (CMDB-03)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("status of configuration items")
        verbose_name_plural = _("statuses of configuration items")


class Kind(models.TextChoices):
    """What an attribute holds."""

    TEXT = "text", pgettext_lazy("attribute", "Text")
    NUMBER = "number", pgettext_lazy("attribute", "Number")
    DATE = "date", _("Date")
    YES_NO = "yes_no", _("Yes or no")
    CHOICE = "choice", _("Choice")
    ITEM = "item", _("Configuration item")
    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")
    ADDRESS = "address", _("Network address")
    URL = "url", _("Web address")


class Group(models.TextChoices):
    """Under which heading of an item's page an attribute stands."""

    IDENTITY = "identity", _("Identity")
    TECHNICAL = "technical", _("Technical")
    PLACE = "place", _("Place")
    PEOPLE = "people", _("People")
    COMMERCIAL = "commercial", _("Purchase and contract")


class Attribute(BilingualName):
    """A property of the items of a class and of the classes below it; of all items when no class is named.

    ``code`` names the value for life: renaming changes what people read, retiring hides it, values stay.
    """

    ci_class = models.ForeignKey(
        CIClass, models.PROTECT, null=True, blank=True, related_name="own_attributes", verbose_name=_("class")
    )
    code = models.CharField(
        _("code"), max_length=40, validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", _("Small letters, digits and _."))]
    )
    kind = models.CharField(_("holds"), max_length=12, choices=Kind, default=Kind.TEXT)
    group = models.CharField(_("heading"), max_length=12, choices=Group, default=Group.TECHNICAL)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    required = models.BooleanField(_("required"), default=False)
    unique = models.BooleanField(_("unique"), default=False)
    controlled = models.BooleanField(
        _("controlled"),
        default=True,
        help_text=_("Of an item in use it changes only by an approved change or a recorded correction."),
    )
    default = models.CharField(_("default"), max_length=200, blank=True)
    pattern = models.CharField(_("pattern"), max_length=200, blank=True, help_text=_("A regular expression."))
    formula = models.CharField(
        _("computed by"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Worked out from other attributes by their codes, such as months_after(warranty_end, -3)."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        constraints = [
            models.UniqueConstraint(fields=["ci_class", "code"], name="attribute_once_in_class", nulls_distinct=False)
        ]

    def definition(self) -> dict[str, Any]:
        """What is said about it, as kept with each change."""
        names = ("name_zh", "name_en", "kind", "group", "unit", "choices", "required", "unique", "controlled")
        return {name: getattr(self, name) for name in (*names, "default", "pattern", "formula", "active")}


class AttributeVersion(DefinitionVersion):
    """How an attribute was defined from a moment on."""

    attribute = models.ForeignKey(Attribute, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.attribute.code} {self.at:%Y-%m-%d %H:%M}"


class UniqueValue(models.Model):
    """A value that only one item may have, without case, width and blanks: the database refuses the second."""

    code = models.CharField(max_length=40)
    value = models.CharField(max_length=400)
    item = models.ForeignKey("cmdb.ConfigurationItem", models.CASCADE, related_name="unique_values")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "value"], name="unique_value_once"),
            models.UniqueConstraint(fields=["code", "item"], name="unique_value_of_item"),
        ]

    def __str__(self) -> str:
        return self.value
