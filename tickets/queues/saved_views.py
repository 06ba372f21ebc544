"""Views that people keep: the address of a list under a name, for oneself, a group or everybody (TKT-08)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from accounts.permissions import Permission


class SavedViewQuerySet(models.QuerySet):
    """Saved views."""

    def visible_to(self, user: User) -> SavedViewQuerySet:
        """The own ones, those of the person's groups, and those for everybody, in the order of tabs."""
        whose = Q(owner_id=user.pk) | Q(everyone=True) | Q(group__in=user.group_ids) | Q(group__lead_id=user.pk)
        return self.filter(whose).select_related("group").order_by("position", "pk")


class SavedView(models.Model):
    """A list of tickets under a name. Exactly one of ``owner``, ``group``, ``everyone`` says who sees it.

    ``kind``: of one kind of ticket, or empty for all. ``params``: what follows the ``?`` of its address, as lists of
    texts; checked by ``TicketFilter`` when it is stored, so that reading needs no further query. ``me`` and ``mine``
    in it mean whoever looks. ``layout`` and ``columns``: empty leaves the choice to whoever looks.
    """

    class Layout(models.TextChoices):
        CARDS = "cards", _("Cards")
        TABLE = "table", _("Table")

    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="saved_views")
    group = models.ForeignKey(SupportGroup, models.CASCADE, null=True, blank=True, related_name="saved_views")
    everyone = models.BooleanField(_("for everybody"), default=False)
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    params = models.JSONField(default=dict)
    layout = models.CharField(_("layout"), max_length=10, choices=Layout, blank=True)
    columns = ArrayField(models.CharField(max_length=40), verbose_name=_("columns"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_by = models.ForeignKey(User, models.CASCADE, related_name="+")

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(owner__isnull=False, group=None, everyone=False)
                    | Q(owner=None, group__isnull=False, everyone=False)
                    | Q(owner=None, group=None, everyone=True)
                ),
                name="saved_view_has_one_audience",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> str:
        """How addresses and preferences name it."""
        return str(self.pk)

    @property
    def query(self) -> QueryDict:
        """``params`` as an address has them."""
        query = QueryDict(mutable=True)
        for name, values in self.params.items():
            query.setlist(name, values)
        return query

    def may_change(self, user: User) -> bool:
        """Whether ``user`` may rename, move and delete it: the owner, whoever speaks for the group, administrators."""
        if self.everyone:
            return user.may(Permission.ADMIN)
        return self.owner_id == user.pk or (self.group is not None and may_keep_for(self.group, user))


def may_keep_for(group: SupportGroup, user: User) -> bool:
    """Whether ``user`` may keep views for ``group``: its lead, dispatchers who see every queue, administrators."""
    return group.lead_id == user.pk or user.may(Permission.DISPATCH) or user.may(Permission.ADMIN)


def groups_to_keep_for(user: User) -> Any:
    """Support groups that ``user`` may keep views for."""
    found = SupportGroup.objects.filter(active=True)
    return found if user.may(Permission.DISPATCH) or user.may(Permission.ADMIN) else found.filter(lead_id=user.pk)
