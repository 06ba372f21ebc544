"""Code tables of changes."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable

#: Types that the program itself knows: each has a path of its own (CHG-02).
SIMPLE, STANDARD, MAJOR, EMERGENCY = "simple", "standard", "major", "emergency"


class ChangeType(CodeTable):
    """How a change is approved: each type has its own path (CHG-02).

    ``watch_hours``: so long after its end incidents on what it touched are shown beside it.
    """

    watch_hours = models.PositiveSmallIntegerField(
        _("incidents are watched for after the end (hours)"),
        default=72,
        validators=[MinValueValidator(1), MaxValueValidator(31 * 24)],
    )

    class Meta(CodeTable.Meta):
        verbose_name = _("type of change")
        verbose_name_plural = _("types of change")


class ChangeDomain(CodeTable):
    """What a change touches: systems, business, management."""

    class Meta(CodeTable.Meta):
        verbose_name = _("domain of changes")
        verbose_name_plural = _("domains of changes")
