"""Code tables of tasks."""

from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable


class TaskKind(CodeTable):
    """What sort of work a task is."""

    class Meta(CodeTable.Meta):
        verbose_name = _("kind of task")
        verbose_name_plural = _("kinds of task")


class TaskCloseCode(CodeTable):
    """How a task ended."""

    class Meta(CodeTable.Meta):
        verbose_name = _("close code of tasks")
        verbose_name_plural = _("close codes of tasks")
