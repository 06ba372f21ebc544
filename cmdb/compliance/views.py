"""The page of rules: how far the record keeps to each, over time, and stating them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.authority import may_correct
from cmdb.compliance.forms import RuleForm
from cmdb.compliance.services import keep_rule, kept
from cmdb.definitions import as_called
from cmdb.models import ComplianceRule, ComplianceRuleVersion
from cmdb.versioning.moments import Moment
from cmdb.views.items import CmdbView, keep_out, moment_of

#: So many days of a rule are drawn.
DAYS = 30


def broken_url(rule: ComplianceRule, moment: Moment) -> str:
    """The list of the items that break a rule."""
    return f"{reverse('cmdb:list')}?{urlencode({'breaks': rule.pk, **moment.query()})}"


class ComplianceView(CmdbView):
    """Every rule with its items and its past; the configuration manager states and changes them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them; with ``rule`` the form begins with that one."""
        rule = self._named(request)
        initial: dict[str, Any] = rule.definition() if rule else {"active": True}
        initial["ci_class"] = initial.get("ci_class_id") or ""
        return self._draw(request, RuleForm(user=request.user, rule=rule, initial=initial))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """State one, or change the one that the address names."""
        keep_out(request.user, may_correct(request.user))
        form = RuleForm(request.POST, user=request.user, rule=self._named(request))
        if not form.is_valid():
            return self._draw(request, form, status=422)
        keep_rule(rule=form.rule, said=form.said(), by=request.user)
        messages.success(request, _("Saved."))
        return redirect("cmdb:compliance")

    @staticmethod
    def _named(request: SignedInRequest) -> ComplianceRule | None:
        text = request.GET.get("rule", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        return ComplianceRule.objects.filter(pk=number).first()

    @staticmethod
    def _draw(request: SignedInRequest, form: RuleForm, status: int = 200) -> HttpResponse:
        moment = moment_of(request)
        rules = list(ComplianceRule.objects.select_related("ci_class"))
        rows = [
            {
                "kept": kept(rule, request.user, moment) if rule.active else None,
                "rule": rule,
                "url": broken_url(rule, moment),
                "shares": list(rule.shares.order_by("-on")[:DAYS])[::-1],
            }
            for rule in rules
        ]
        as_called(rules, moment)
        context = {
            "rows": rows,
            "form": form,
            "moment": moment,
            "versions": ComplianceRuleVersion.objects.select_related("rule", "by").order_by("-at", "-pk")[:20],
            "may_manage": may_correct(request.user),
        }
        return render(request, "cmdb/compliance/list.html", context, status=status)
