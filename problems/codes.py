"""Code tables of problems."""

from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable


class ProblemSource(CodeTable):
    """What a problem was raised from (PRB-01)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("source of problems")
        verbose_name_plural = _("sources of problems")


class ProblemCategory(CodeTable):
    """What a problem is about."""

    class Meta(CodeTable.Meta):
        verbose_name = _("category of problems")
        verbose_name_plural = _("categories of problems")


class ProblemLevel(CodeTable):
    """How grave a problem is."""

    class Meta(CodeTable.Meta):
        verbose_name = _("level of problems")
        verbose_name_plural = _("levels of problems")
