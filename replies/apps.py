from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RepliesConfig(AppConfig):
    """Texts that are written again and again: canned replies, and templates of tickets."""

    name = "replies"
    verbose_name = _("Canned replies and templates")

    def ready(self) -> None:
        """Let the address of the registering form name a template."""
        from replies.prefills import template_values  # needs the models, which are loaded by now
        from tickets.workspace.prefills import register_source  # as above

        register_source("template", template_values)
