"""Code tables of changes."""

from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable

#: Types that the program itself knows: each has a path of its own (CHG-02).
SIMPLE, STANDARD, MAJOR, EMERGENCY = "simple", "standard", "major", "emergency"


class ChangeType(CodeTable):
    """How a change is approved: each type has its own path (CHG-02)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("type of change")
        verbose_name_plural = _("types of change")


class ChangeDomain(CodeTable):
    """What a change touches: systems, business, management."""

    class Meta(CodeTable.Meta):
        verbose_name = _("domain of changes")
        verbose_name_plural = _("domains of changes")
