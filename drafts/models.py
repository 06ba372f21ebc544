"""What was typed and not sent yet: it outlives crash, sign-out, conflict and reassignment (TKT-07, UX-02)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from drafts.querysets import DraftQuerySet

#: The hidden field with the id of one drawn form; behind the mark it ends the key of its draft.
FORM_ID, MARK = "form_id", "#"
MAX_KEY = 120
MAX_TITLE = 200
MAX_URL = 500
#: Names of fields that hold no words of a person, though they may be typed or sent with them.
NOT_WORDS = ("version", "visibility")


class Draft(models.Model):
    """The typed fields of one form of one person, who alone sees them.

    ``key`` names the form and, behind ``#``, which drawing of it: ``IM261122000017/resolve#5f2c09ab41d7``. Two
    tabs with the same form have a draft each. ``fields``: name to list of texts, as a browser would post them; those
    of ``text_names`` are words, not choices. ``title`` and ``url`` lead back there.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts", verbose_name=_("person"), db_index=False)
    key = models.CharField(max_length=MAX_KEY)
    title = models.CharField(max_length=MAX_TITLE, blank=True)
    url = models.CharField(max_length=MAX_URL, blank=True)
    fields = models.JSONField(default=dict)
    text_names = ArrayField(models.CharField(max_length=80), default=list)
    updated_at = models.DateTimeField(_("updated"), db_index=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="draft_one_per_form")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"

    @property
    def place(self) -> str:
        """The part of the key before the slash: the number of a ticket, or a kind."""
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the key behind the slash: the action, ``composer``, or ``new``."""
        return self.form.partition("/")[2]

    @property
    def form(self) -> str:
        """The part of the key that names the form."""
        return self.key.partition(MARK)[0]

    @property
    def form_id(self) -> str:
        """The part of the key that tells one drawn form from another of the same name."""
        return self.key.partition(MARK)[2]

    @property
    def address(self) -> str:
        """Where to go on with this one, whatever else was typed into forms of the same name."""
        if not self.url or not self.form_id:
            return self.url
        page, hash_mark, place = self.url.partition("#")
        return f"{page}{'&' if '?' in page else '?'}draft={self.form_id}{hash_mark}{place}"

    @property
    def version(self) -> int | None:
        """The version of the ticket that the person read while typing, when the form sends one."""
        text = self.value("version")
        return int(text) if text.isdecimal() and len(text) < 10 else None

    def value(self, name: str) -> str:
        """The (first) text of a field; empty when there is none."""
        return next(iter(self.fields.get(name) or ()), "")

    @property
    def words(self) -> str:
        """What was typed, as one text: the longest field last, paragraphs apart. Choices are left out where known."""
        names = set(self.text_names or self.fields) - set(NOT_WORDS)
        texts = [text.strip() for name, values in self.fields.items() if name in names for text in values]
        return "\n\n".join(sorted(filter(None, texts), key=len))

    def initial_for(self, form: Any) -> dict[str, Any]:
        """Initial values for the Django ``form``: every field that the browser would have sent, or left out."""
        found: dict[str, Any] = {}
        for name, field in form.fields.items():
            values, widget = self.fields.get(name, []), field.widget
            if widget.needs_multipart_form:
                continue
            if getattr(widget, "allow_multiple_selected", False):
                found[name] = values
            elif getattr(widget, "input_type", "") == "checkbox":
                found[name] = bool(values)
            elif values:
                found[name] = values[0]
        return found
