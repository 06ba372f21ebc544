"""The permissions that roles grant. A role is a named set of them (ORG-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class Permission(models.TextChoices):
    """What a person may do, apart from what being assignee, member or requester of a record allows."""

    VIEW = "ticket.view", _("See tickets of every customer")
    VIEW_ORGANISATION = "ticket.view_organisation", _("See tickets of the own organisation")
    REGISTER = "ticket.register", _("Register tickets")
    DISPATCH = "ticket.dispatch", _("Dispatch tickets: assign, reject, classify")
    WORK = "ticket.work", _("Work on tickets of the own groups")
    CLOSE = "ticket.close", _("Confirm and close tickets for requesters")
    INTERNAL = "ticket.internal", _("Read and write internal notes")
    PRIORITY = "ticket.priority", _("Approve a change of priority in any group")
    URGE = "ticket.urge", _("Urge tickets")
    CHANGE_MANAGE = "change.manage", _("Manage changes: check, assess, schedule them")
    EXPORT = "ticket.export", _("Export lists")
    PEOPLE_FIGURES = "report.people", _("See figures of persons by name")
    APPROVE_REPORTS = "report.approve", _("Approve and send service reports")
    MANAGE_REPORTS = "report.manage", _("Set targets of figures, share boards, hold process meetings")
    PROBLEM_RAISE = "problem.raise", _("Raise problems")
    PROBLEM_MANAGE = "problem.manage", _("Manage problems: assign, approve, end")
    PROBLEM_SUPERVISE = "problem.supervise", _("Review solutions of problems of high level")
    CMDB_VIEW = "cmdb.view", _("See configuration items of every customer")
    CMDB_EDIT = "cmdb.edit", _("Record configuration items")
    CMDB_MANAGE = "cmdb.manage", _("Manage configuration: correct, import, define classes")
    PEOPLE_VIEW = "people.view", _("Search people of every organisation")
    PEOPLE_ADD = "people.add", _("Add callers who are not known yet")
    ANNOUNCE = "announcement.publish", _("Publish announcements")
    TOKEN = "token.create", _("Create API tokens")
    ADMIN = "admin.access", _("Administer the portal")


def may_read_what_governs(user: User) -> bool:
    """Administrators, and managers: whoever answers for figures reads the promises, hours and texts behind them."""
    return user.is_staff or user.may(Permission.PEOPLE_FIGURES)
