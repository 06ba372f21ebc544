"""Administration of people (ORG-01)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext_lazy

from accounts.administration.base import PortalAdmin
from accounts.administration.forms import LAST_ADMINISTRATOR, NewPersonForm, PersonForm, administrators
from accounts.leaving import Held, hand_on_holdings, holdings_of
from accounts.models import User


def as_text(held: Held, *, done: bool = False) -> str:
    """A line of the list: what it is, which one, and once it is handed on, to whom."""
    line = f"{held.label}: {held.name}"
    return f"{line} → {held.to or _('nobody')}" if done else line


class PersonAdmin(PortalAdmin, UserAdmin):
    """People. They are switched off, never deleted: tickets and timelines name them."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("username", "full_name", "organisation", "role_names", "is_active", "last_login")
    list_filter = ("is_active", "roles", ("organisation", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("organisation",)
    search_fields = ("username", "full_name", "full_name_en", "email", "employee_number", "phone", "mobile")
    ordering = ("username",)
    autocomplete_fields = ("organisation",)
    filter_horizontal = ("roles",)
    readonly_fields = ("password_state", "last_login", "date_joined", "held")
    actions = ("switch_off", "switch_on")
    fieldsets = (
        (None, {"fields": ("username", "password_state", "is_active")}),
        (
            pgettext_lazy("section", "Person"),
            {"fields": ("full_name", "full_name_en", "organisation", "department", "employee_number")},
        ),
        (pgettext_lazy("section", "Contact"), {"fields": ("email", "phone", "mobile")}),
        (_l("Settings"), {"fields": ("language", "time_zone", "theme")}),
        (_l("Roles and groups"), {"fields": ("roles", "support_groups")}),
        (_l("Times"), {"fields": ("last_login", "date_joined")}),
        (_l("Handed on when switched off"), {"fields": ("held",)}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "full_name", "organisation", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Roles come with the people: two queries for a page."""
        return super().get_queryset(request).prefetch_related("roles")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody is deleted."""
        return False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Fields that search while typing offer active people only."""
        if "field_name" in request.GET:
            queryset = queryset.filter(is_active=True)
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_l("roles"))
    def role_names(self, user: User) -> str:
        """The roles, in the active language."""
        return ", ".join(role.name for role in user.roles.all())

    @admin.display(description=_l("password"))
    def password_state(self, user: User) -> str:
        """Whether there is one, and where to set it. The stored hash is never shown."""
        state = _("Set") if user.has_usable_password() else _("None: this person cannot sign in by password.")
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('{} · <a href="{}">{}</a>', state, address, _("Set a new password"))

    @admin.display(description=_l("what would be handed on"))
    def held(self, user: User) -> str:
        """What waits for the person, line by line."""
        lines = holdings_of(user, timezone.now()) if user.is_active else []
        return format_html_join(mark_safe("<br>"), "{}", ((as_text(one),) for one in lines)) or "—"

    @admin.action(description=_l("Switch off: they can no longer sign in"))
    def switch_off(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Deactivate, after a look at what is handed on; refused when no administrator would be left."""
        people = list(queryset.filter(is_active=True))
        if people and not administrators().exclude(pk__in=[user.pk for user in people]).exists():
            self.message_user(request, LAST_ADMINISTRATOR, messages.ERROR)
            return None
        held = [(user, holdings_of(user, timezone.now())) for user in people]
        if "confirmed" not in request.POST and any(lines for _user, lines in held):
            title = _("Switch off: what is handed on")
            context = {**self.admin_site.each_context(request), "title": title, "held": held, "opts": self.opts}
            return TemplateResponse(request, "admin/accounts/switch_off.html", context)
        self._switch(request, people, active=False)
        return None

    @admin.action(description=_l("Switch on"))
    def switch_on(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Activate again."""
        self._switch(request, list(queryset.filter(is_active=False)), active=True)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """As ever; whoever is switched off hands on what they hold."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            self._say_handed_on(request, obj)

    def _say_handed_on(self, request: HttpRequest, user: User) -> None:
        """Let those who were switched off hand on what they hold, and list it."""
        if user.is_active:
            return
        assert isinstance(request.user, User)  # noqa: S101 - administrators are signed in
        handed = hand_on_holdings(user=user, by=request.user, now=timezone.now())
        if handed:
            said = _("What %(person)s held was handed on:") % {"person": user}
            lines = format_html_join("", "<li>{}</li>", ((as_text(one, done=True),) for one in handed))
            self.message_user(request, format_html("{}<ul>{}</ul>", said, lines), messages.WARNING)

    def _switch(self, request: HttpRequest, people: list[User], *, active: bool) -> None:
        values = {"is_active": [str(not active), str(active)]}
        for user in people:
            with transaction.atomic():
                user.is_active = active
                user.save(update_fields=["is_active"])
                self.log_change(request, user, [{"changed": {"fields": ["active"], "values": values}}])
                self._say_handed_on(request, user)
        self.message_user(request, _("%(count)d people changed.") % {"count": len(people)})
