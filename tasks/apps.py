from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    """Tasks (任务单) that tickets of any kind are split into."""

    name = "tasks"
    verbose_name = _("Tasks")
