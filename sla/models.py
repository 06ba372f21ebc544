"""Code tables of service levels."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable


class ContractPhase(CodeTable):
    """A phase of a contract; in some no service level is promised (SLM-02)."""

    sla_applies = models.BooleanField(_("service levels apply"), default=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("contract phase")
        verbose_name_plural = _("contract phases")
