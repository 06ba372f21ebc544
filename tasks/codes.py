"""Code tables of tasks. What a task is about and how it ended is told by those of incidents (TSK-01)."""

from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable


class TaskKind(CodeTable):
    """What sort of work a task is, beside its category."""

    class Meta(CodeTable.Meta):
        verbose_name = _("kind of work")
        verbose_name_plural = _("kinds of work")
