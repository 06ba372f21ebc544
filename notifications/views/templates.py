"""Templates of notices: which there are, writing one, seeing it as its readers will."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import may_read_what_governs
from notifications.channels.letter import parts_of
from notifications.events import PLACEHOLDERS, Event, event_of, events
from notifications.forms import TemplateForm
from notifications.models import NoticeTemplate
from notifications.rendering import letter
from notifications.rules import may_write_templates
from notifications.services import reset_template, save_template
from notifications.texts import example, previews, spoken_to

FORMS = dict(NoticeTemplate.Form.choices)
LANGUAGES = dict(settings.LANGUAGES)


def check_reads(request: SignedInRequest) -> None:
    """Raise PermissionDenied for all but administrators and managers, who read what is told in their name."""
    if not may_read_what_governs(request.user):
        raise PermissionDenied


def check_writes(request: SignedInRequest) -> None:
    """Raise PermissionDenied for all but administrators."""
    if not may_write_templates(request.user):
        raise PermissionDenied


def shipped(event: Event, language: str, channel: str) -> dict[str, str]:
    """The texts that hold while nobody edited them."""
    with spoken_to(language):
        short = channel == NoticeTemplate.Form.SHORT
        return {"subject": str(event.subject), "body": str((event.short or event.subject) if short else event.body)}


def edited_texts() -> set[tuple[str, str, str]]:
    """Which texts were edited: event, language, channel. One query."""
    return set(NoticeTemplate.objects.values_list("event", "language", "channel"))


def texts_of(event: Event, edited: set[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """The texts of an event, each with whether it was edited."""
    return [
        {
            "language": language,
            "channel": channel,
            "label": f"{FORMS[channel]} · {LANGUAGES[language]}",
            "edited": (event.code, language, channel) in edited,
        }
        for channel in FORMS
        for language in LANGUAGES
    ]


def preview_of(event: Event, language: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """What is typed, filled with invented values; with a subject as the mail that its reader gets."""
    subject, body = typed.get("subject"), typed.get("body", "")[:4000]
    preview = previews(event, language, (subject or "")[:200], body)
    if subject is None:
        return preview
    with spoken_to(language):
        values = example(event, language)
        text = letter(values["recipient"], [preview["body"] or preview["subject"]], values["link"])
        return {**preview, "letter": parts_of(text)}


class TemplatesView(SignedInView):
    """Every event with its texts."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """List them, and which were edited."""
        check_reads(request)
        edited = edited_texts()
        rows = [{"event": event, "texts": texts_of(event, edited)} for event in events()]
        return render(request, "notifications/templates.html", {"rows": rows})


class TemplateView(SignedInView):
    """Writing the text of an event in a language."""

    def get(self, request: SignedInRequest, event: str, language: str, channel: str) -> HttpResponse:
        """Show the form with what holds now."""
        row = self._find(request, event, language, channel)
        initial = None if row.pk else shipped(event_of(event), language, channel)
        return self._draw(TemplateForm(instance=row, initial=initial), row)

    def post(self, request: SignedInRequest, event: str, language: str, channel: str) -> HttpResponse:
        """Keep it, or go back to the shipped text."""
        row = self._find(request, event, language, channel)
        if "reset" in request.POST:
            reset_template(template=row, user=request.user)
            messages.success(request, _("The shipped text holds again."))
            return redirect("notifications:templates")
        form = TemplateForm(request.POST, instance=row)
        if not form.is_valid():
            return self._draw(form, row, status=422)
        save_template(template=form.save(commit=False), user=request.user)
        messages.success(request, _("The template is saved; the next notices use it."))
        return redirect("notifications:templates")

    @staticmethod
    def _find(request: SignedInRequest, event: str, language: str, channel: str) -> NoticeTemplate:
        check_reads(request)
        if request.method != "GET":
            check_writes(request)
        if event not in {known.code for known in events()} or language not in LANGUAGES or channel not in FORMS:
            raise Http404
        found = NoticeTemplate.objects.filter(event=event, language=language, channel=channel).first()
        return found or NoticeTemplate(event=event, language=language, channel=channel)

    def _draw(self, form: TemplateForm, row: NoticeTemplate, status: int = 200) -> HttpResponse:
        value = form.instance if form.is_bound else None
        texts = {name: form[name].value() or "" for name in form.fields} if value is None else _typed(form)
        event = event_of(row.event)
        context = {
            "form": form,
            "row": row,
            "event": event,
            "placeholders": PLACEHOLDERS.items(),
            "shipped": shipped(event, row.language, row.channel),
            "siblings": texts_of(event, edited_texts()),
            "preview": preview_of(event, row.language, texts),
            "may_write": may_write_templates(self.request.user),
        }
        return render(self.request, "notifications/template.html", context, status=status)


def _typed(form: TemplateForm) -> dict[str, str]:
    return {name: form.data.get(name, "") for name in form.fields}


class TemplatePreviewView(SignedInView):
    """What is being typed, filled with invented values."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment; nothing is stored."""
        check_writes(request)
        event, language = event_of(request.POST.get("event", "")), request.POST.get("language", "")
        if language not in LANGUAGES:
            raise Http404
        preview = preview_of(event, language, request.POST)
        return render(request, "notifications/_preview.html", {"preview": preview, "language": language})
