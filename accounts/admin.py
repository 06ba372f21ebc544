"""Administration of people, organisations, groups, roles and tokens (ADM-01, ORG-01, ORG-02)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from accounts.access.tokens import revoke_token
from accounts.administration.base import CodeTableAdmin, PortalAdmin, RecordOnly
from accounts.administration.forms import OrganisationForm, RoleForm
from accounts.administration.people import PersonAdmin
from accounts.models import AccessEvent, ApiToken, Department, Organisation, Role, SupportGroup, User

admin.site.register(User, PersonAdmin)


class DepartmentInline(admin.TabularInline):
    """Departments of an organisation."""

    model = Department
    extra = 0
    autocomplete_fields = ("manager",)


@admin.register(Organisation)
class OrganisationAdmin(PortalAdmin):
    """Customers, suppliers, the provider."""

    form = OrganisationForm
    list_display = ("code", "name_zh", "name_en", "kind", "active")
    list_filter = ("kind", "active")
    search_fields = ("code", "name_zh", "name_en")
    autocomplete_fields = ("decision_makers", "interface_person")
    exclude = ("report_contacts", "report_language")  # their page is that of the service reports
    inlines = (DepartmentInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Code and kind are chosen once: who sees what depends on them."""
        return ("code", "kind") if obj else ()


@admin.register(Role)
class RoleAdmin(CodeTableAdmin):
    """Roles; each permission is a tick."""

    form = RoleForm
    list_display = ("code", "name_zh", "name_en", "permission_count", "position", "active")
    list_editable = ("position",)  # switching off is checked on the role's own page
    known_codes = frozenset({"administrator"})

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Permissions keep the form's ticks."""
        if db_field.name == "permissions":
            return RoleForm.base_fields["permissions"]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_l("permissions"))
    def permission_count(self, role: Role) -> int:
        """How many permissions the role grants."""
        return len(role.permissions)


@admin.register(SupportGroup)
class SupportGroupAdmin(PortalAdmin):
    """Support groups with tier, lead and members."""

    list_display = ("code", "name_zh", "name_en", "tier", "lead", "member_count", "active")
    list_filter = ("tier", "active", ("organisation", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("lead",)
    search_fields = ("code", "name_zh", "name_en")
    autocomplete_fields = ("organisation", "lead", "members", "escalates_to")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupportGroup]:
        """With the number of members."""
        return super().get_queryset(request).annotate(members_total=Count("members"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is chosen once."""
        return ("code",) if obj else ()

    @admin.display(description=_l("members"), ordering="members_total")
    def member_count(self, group: Any) -> int:
        """How many people work in it."""
        return group.members_total


@admin.register(ApiToken)
class ApiTokenAdmin(RecordOnly, PortalAdmin):
    """Tokens, to see and to revoke. Owners make them; nobody sees their secret again."""

    list_display = ("name", "user", "scopes", "created_at", "expires_at", "last_used_at", "is_usable")
    list_filter = ("created_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__full_name", "user__full_name_en")
    fields = ("name", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @admin.display(description=_l("valid"), boolean=True)
    def is_usable(self, token: ApiToken) -> bool:
        """Neither revoked nor expired."""
        return token.is_valid

    @admin.action(description=_l("Revoke"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the tokens at once."""
        now = timezone.now()
        tokens = list(queryset.filter(revoked_at=None).select_related("user"))
        for token in tokens:
            revoke_token(token, request=request)
            values = {"revoked_at": ["", now.isoformat(timespec="seconds")]}
            self.log_change(request, token, [{"changed": {"fields": ["revoked"], "values": values}}])
        self.message_user(request, _("%(count)d tokens revoked.") % {"count": len(tokens)})


@admin.register(AccessEvent)
class AccessEventAdmin(RecordOnly, admin.ModelAdmin):
    """Who came in, who did not, whose session ended. To read and search only (SEC-03)."""

    list_display = ("at", "kind", "person", "name", "address", "browser", "detail")
    list_display_links = None
    list_filter = ("kind", "at")
    list_select_related = ("person",)
    date_hierarchy = "at"
    search_fields = ("name", "person__full_name", "person__full_name_en", "address", "browser", "detail")
    show_full_result_count = False
    list_per_page = 100
