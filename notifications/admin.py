"""Administration of notices: outside addresses, which channels may be chosen, templates, the ledger (ADM-01)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.administration.base import PortalAdmin
from notifications.events import CHOSEN, Channel, event_of, events
from notifications.forms import TemplateForm
from notifications.models import Delivery, Endpoint, EventChoice, NoticeTemplate
from notifications.sending.outbound import Refused, refuse_unsafe
from notifications.texts import previews

CHANNELS = [(name, label) for name, label in Channel.choices if name in CHOSEN]


def ticks(label: Any, choices: Any, **kwargs: Any) -> forms.MultipleChoiceField:
    """Several of a few."""
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, **kwargs
    )


def event_choices() -> list[tuple[str, Any]]:
    """Every event with its name."""
    return [(event.code, event.label) for event in events()]


class EndpointForm(forms.ModelForm):
    """An outside address; events are ticks, and what may not be called is refused here already.

    Address and secret open something: they are written here, never shown again. Left empty they stay.
    """

    url = forms.URLField(label=_("address"), max_length=500, assume_scheme="https")
    secret = forms.CharField(
        label=_("secret"), max_length=200, required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    no_secret = forms.BooleanField(label=_("Remove the secret"), required=False)
    events = ticks(_("events"), event_choices, help_text=_("None: all."))

    class Meta:
        model = Endpoint
        fields = (
            "name",
            "kind",
            "url",
            "secret",
            "no_secret",
            "language",
            "events",
            "urgent_only",
            "group",
            "organisation",
            "active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["no_secret"]
            return
        told = _("Leads to %(host)s. It is not shown again; left empty it stays.")
        self.initial.update(url="", secret="")
        self.fields["url"].required = False
        self.fields["url"].help_text = told % {"host": self.instance.host or "?"}
        kept = _("There is one. It is not shown again; left empty it stays.")
        self.fields["secret"].help_text = kept if self.instance.secret else _("There is none.")

    def clean_url(self) -> str:
        """The address of before, where none is typed."""
        return str(self.cleaned_data["url"] or self.instance.url)

    def clean(self) -> dict[str, Any]:
        """An address that the portal calls; the secret of before stays, unless it is written anew or removed."""
        cleaned = super().clean() or {}
        if cleaned.get("url"):
            try:
                refuse_unsafe(cleaned["url"], str(cleaned.get("kind") or ""))
            except Refused as refused:
                self.add_error("url", gettext(str(refused)))
        if not cleaned.get("secret") and not cleaned.get("no_secret"):
            cleaned["secret"] = self.instance.secret
        if cleaned.get("kind") == Channel.WEBHOOK and not cleaned.get("secret"):
            self.add_error("secret", _("Programs know by it that the portal sent it: a webhook has one."))
        return cleaned


@admin.register(Endpoint)
class EndpointAdmin(PortalAdmin):
    """SMS gateways, chat robots, programs."""

    form = EndpointForm
    list_display = ("name", "kind", "leads_to", "active", "urgent_only", "group", "failures", "open_until")
    list_filter = ("kind", "active")
    list_select_related = ("group", "organisation")
    autocomplete_fields = ("group", "organisation")
    search_fields = ("name",)

    @admin.display(description=_("leads to"))
    def leads_to(self, row: Endpoint) -> str:
        """The host; the rest of the address is as good as a password."""
        return row.host or "—"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nothing to remove from a new one."""
        return [name for name in EndpointForm.Meta.fields if obj is not None or name != "no_secret"]


class EventChoiceForm(forms.ModelForm):
    """Channels of an event."""

    event = forms.ChoiceField(label=_("event"), choices=event_choices)
    allowed = ticks(_("may be chosen"), CHANNELS)
    default = ticks(_("unless chosen"), CHANNELS)
    fixed = ticks(_("always"), CHANNELS, help_text=_("Nobody can refuse these."))

    class Meta:
        model = EventChoice
        fields = ("event", "allowed", "default", "fixed")


@admin.register(EventChoice)
class EventChoiceAdmin(PortalAdmin):
    """What people may choose for each event; without a row the shipped defaults hold."""

    form = EventChoiceForm
    list_display = ("__str__", "allowed", "default", "fixed")


class NoticeTemplateForm(TemplateForm):
    """A text for an event, with its placeholders checked."""

    event = forms.ChoiceField(label=_("event"), choices=event_choices)

    class Meta(TemplateForm.Meta):
        fields: Any = ("event", "language", "channel", "subject", "body")


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(PortalAdmin):
    """Edited texts. Written more comfortably, with a preview while typing, on the page of templates."""

    form = NoticeTemplateForm
    list_display = ("__str__", "subject")
    list_filter = ("language", "channel")
    readonly_fields = ("preview",)

    @admin.display(description=_("preview"))
    def preview(self, row: NoticeTemplate) -> SafeString | str:
        """The stored text with invented values."""
        if row.pk is None:
            return "—"
        shown = previews(event_of(row.event), row.language, row.subject, row.body)
        return format_html("<b>{}</b><pre>{}</pre>", shown["subject"], shown["body"])


@admin.register(Delivery)
class DeliveryAdmin(PortalAdmin):
    """The ledger: who was told what, by which channel, when. Read-only."""

    list_display = ("id", "notice", "channel", "recipient", "endpoint", "status", "attempt", "sent_at", "lateness")
    list_filter = ("channel", "status", "urgent")
    list_select_related = ("notice", "recipient", "endpoint")
    search_fields = ("notice__key", "message_id", "recipient__username")
    exclude = ("rendered", "lease_token")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Deliveries come about by notices."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A ledger is not changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor is anything taken out of it."""
        return False
