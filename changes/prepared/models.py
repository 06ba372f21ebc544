"""An edit of the configuration database that a change has prepared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models import ConfigurationItem, RelationType


class PreparedEdit(models.Model):
    """What is to be written with the change as its ground; approved with it, written by ``apply_edits``.

    An item that the change brings is no row yet: it is named by its identifier, also in edits of its own.
    ``given``: what was typed, by name of a column or attribute; read anew when it is written.
    ``was``: as people read it when it was prepared.
    """

    class Kind(models.TextChoices):
        VALUE = "value", _("New value")
        ITEM = "item", _("New item")
        RELATE = "relate", _("New relation")
        UNRELATE = "unrelate", _("Relation ends")

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="edits")
    position = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("what"), max_length=8, choices=Kind)
    item = models.ForeignKey(ConfigurationItem, models.PROTECT, null=True, related_name="+", db_index=False)
    identifier = models.CharField(_("identifier"), max_length=100, blank=True)
    given = models.JSONField(_("new values"), default=dict)
    was = models.CharField(_("before"), max_length=400, blank=True)
    relation_type = models.ForeignKey(RelationType, models.PROTECT, null=True, related_name="+", db_index=False)
    other = models.ForeignKey(ConfigurationItem, models.PROTECT, null=True, related_name="+", db_index=False)
    other_identifier = models.CharField(_("other item"), max_length=100, blank=True, default="", db_default="")
    applied_at = models.DateTimeField(_("written"), null=True)
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        ordering = ["change", "position"]
        verbose_name = _("prepared edit")
        verbose_name_plural = _("prepared edits")
        constraints = [
            models.UniqueConstraint(fields=["change", "position"], name="prepared_edit_once"),
            models.CheckConstraint(
                condition=Q(item=None) & ~Q(identifier="") | Q(item__isnull=False, identifier="") & ~Q(kind="item"),
                name="prepared_edit_of_one_item",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None, applied_by=None) | Q(applied_at__isnull=False, applied_by__isnull=False),
                name="prepared_edit_applied_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.sentence}"

    @property
    def subject(self) -> str:
        """The identifier of what is written."""
        return self.item.identifier if self.item else self.identifier

    @property
    def partner(self) -> str:
        """The identifier of the other end of a relation; empty for what is none."""
        return self.other.identifier if self.other else self.other_identifier

    @property
    def sentence(self) -> str:
        """What is written, in codes: what approvals bind to."""
        if self.relation_type is not None:
            sign = "+" if self.kind == self.Kind.RELATE else "-"
            group = f" [{self.given['group']}: {self.given['needed']}]" if self.given else ""
            return f"{sign} {self.subject} {self.relation_type.code} {self.partner}{group}"
        values = ", ".join(f"{name}={value}" for name, value in sorted(self.given.items()))
        return f"{'+ ' if self.kind == self.Kind.ITEM else ''}{self.subject} {values}"
