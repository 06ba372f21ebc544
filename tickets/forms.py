"""Forms of actions: they check the input of pages and API alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.forms.models import ModelChoiceIterator
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.models import Ticket
from tickets.shared.mentions import FIELD as MENTIONS
from tickets.shared.mentions import mentioned_in, objection

#: The field whose text becomes the text of the timeline entry.
TEXT_FIELD = "text"
ATTACHMENTS_FIELD = "attachments"


class MultipleFileInput(forms.ClearableFileInput):
    """A file input that takes several files and tells the page what is accepted (static/js/paste_upload.js)."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        from tickets.files.attachments import MAX_BYTES, MAX_FILES  # as in AttachmentsField

        limits = {"data-max-bytes": MAX_BYTES, "data-max-files": MAX_FILES}
        super().__init__(attrs={"data-kinds-url": reverse_lazy("tickets:file_kinds"), **limits})


class AttachmentsField(forms.FileField):
    """Files that come with an action; each is checked by ``tickets.files.attachments``."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Attachments"))
        kwargs.setdefault(
            "help_text", _("Up to 10 files of 20 MB: pictures, PDF, Office, text, mails, recordings, archives.")
        )
        super().__init__(required=False, widget=MultipleFileInput, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Return the files, each checked; too many, too large or of a refused kind is an error."""
        from tickets.files.attachments import check_files  # imports models that import forms' users

        files = data if isinstance(data, list | tuple) else [data] if data else []
        return check_files([super(AttachmentsField, self).clean(file) for file in files])


class RemoteChoices:
    """Mixin of select widgets that find their choices while typing; only what is chosen is drawn.

    Thousands of people or configuration items never become options of a page.
    """

    choices: Any
    #: Drawn always: (value, text) of what nobody finds while typing.
    also: Sequence[tuple[str, str]] = ()

    def __init__(self, url_name: str, **attrs: Any) -> None:
        attrs |= {"data-select": "", "data-url": reverse_lazy(url_name)}
        super().__init__(attrs=attrs)  # type: ignore[call-arg]

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        """Draw the chosen rows only."""
        if isinstance(self.choices, ModelChoiceIterator):
            field = self.choices.field
            key = field.to_field_name or "pk"
            rows = field.queryset.filter(  # type: ignore[union-attr]  # a model choice has one
                **{f"{key}__in": [chosen for chosen in value if chosen]}
            )
            drawn = [(field.prepare_value(row), field.label_from_instance(row)) for row in rows]
            self.choices = [("", "—"), *drawn, *self.also]
        return super().optgroups(name, value, attrs)  # type: ignore[misc]


class RemoteSelect(RemoteChoices, forms.Select):
    """One row, found while typing."""


class RemoteSelectMultiple(RemoteChoices, forms.SelectMultiple):
    """Several rows, found while typing."""


class MemberSelect(RemoteSelect):
    """A member of the group in the form's field ``group``, or of ``group``: with duty and load of each."""

    def __init__(self, group: str = "", **attrs: Any) -> None:
        super().__init__("tickets:find_members", **attrs)
        self.attrs |= {"data-whole": ""} if group else {"data-with": "group", "data-none": _("Choose the group first")}
        if group:
            self.attrs["data-url"] = f"{reverse('tickets:find_members')}?group={quote(group)}"


class SettingSelect(forms.Select):
    """A choice that also sets another field while nobody chose there (static/js/fill.js).

    ``sets`` is that field; what it is set to has its code in the column ``by`` of the chosen row.
    """

    def __init__(self, *, sets: str, by: str) -> None:
        self.by = by
        super().__init__(attrs={"data-select": "", "data-sets": sets})

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """An option that knows the code."""
        option = super().create_option(name, value, *args, **kwargs)
        given = getattr(getattr(value, "instance", None), self.by, None)
        if given is not None:
            option["attrs"]["data-gives"] = given.code
        return option


class CodeChoiceField(forms.ModelChoiceField):
    """A row of a table that people and programs name by a stable code, not by its id."""

    def __init__(self, queryset: Any, *, key: str = "code", **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", "—")
        super().__init__(queryset, to_field_name=key, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Long lists are searched while typing."""
        return {"data-select": ""} if type(widget) is forms.Select else {}


class PersonField(CodeChoiceField):
    """A person, named by user name. ``search``: address part that finds people while typing."""

    def __init__(self, queryset: Any = None, **kwargs: Any) -> None:
        queryset = User.objects.active() if queryset is None else queryset
        super().__init__(queryset, key="username", **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """Name and user name: there are people of the same name."""
        return f"{obj.display_name} ({obj.username})"


class ActionForm(forms.Form):
    """Base of all action forms. Knows the ticket and the person, so that choices can be limited to theirs.

    ``now`` is the moment of the action; None while the form is only shown.
    """

    #: Fields left out of a request keep the ticket's value: for forms that edit.
    keeps_missing: ClassVar[bool] = False
    #: Fields that only lead through the form: neither the log nor the action learns of them.
    unlogged: ClassVar[frozenset[str]] = frozenset()
    #: Fields of a question that most never meet: shown once it is asked, with the refusal that asks it.
    asked_late: ClassVar[frozenset[str]] = frozenset()
    #: Whether the requester reads the text.
    is_public = True
    #: Fields that an address may fill in, such as the configuration item beside which the action is offered.
    from_address: frozenset[str] = frozenset()

    def __init__(
        self, *args: Any, ticket: Ticket, user: User | None, now: datetime | None = None, **kwargs: Any
    ) -> None:
        self.ticket = ticket
        self.user = user
        self.now = now
        kwargs.setdefault("label_suffix", "")
        if "initial" not in kwargs:
            kwargs["initial"] = self.initial_from(ticket)
        super().__init__(*args, **kwargs)
        self.limit_choices()

    def begin_with(self, given: Mapping[str, str]) -> None:
        """Fill in what an address gives."""
        self.initial.update({name: given[name][:100] for name in self.from_address if name in given})

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """What the form shows first: the ticket's own values of the same name."""
        names = {field.name for field in ticket._meta.concrete_fields} & set(self.base_fields)
        return {name: self.base_fields[name].prepare_value(getattr(ticket, name, None)) for name in names}

    def _post_clean(self) -> None:
        """Whom the text mentions must be able to read it."""
        super()._post_clean()  # type: ignore[misc]  # Django's own hook after clean()
        self.mentioned: list[User] = []
        text = self.cleaned_data.get(TEXT_FIELD) or ""
        if self.user is None or self.ticket.pk is None or not isinstance(text, str):
            return
        self.mentioned = mentioned_in(text, self.user)
        for person in self.mentioned:
            if reason := objection(person, self.ticket, is_public=self.is_public):
                self.add_error(TEXT_FIELD, reason)

    def visible_fields(self) -> list[forms.BoundField]:
        """What is shown: without what is asked late, until that is asked or answered."""
        fields: list[forms.BoundField] = super().visible_fields()
        late = [field for field in fields if field.name in self.asked_late]
        return fields if any(one.errors or one.value() for one in late) else [f for f in fields if f not in late]

    def limit_choices(self) -> None:
        """Narrow the choices of related fields to what this person may refer to."""

    def refuse_unknown(self, names: Iterable[str]) -> None:
        """Count each of ``names`` that the form does not ask this person for as an error."""
        for name in sorted(set(names) - set(self.fields)):
            self.errors[name] = self.error_class([str(_("There is no such field."))])

    def body_values(self) -> dict[str, Any]:
        """What the action's method receives: everything but the files, and what only led through the form."""
        return {k: v for k, v in self.cleaned_data.items() if k not in {ATTACHMENTS_FIELD, *self.unlogged}}

    def as_record(self) -> dict[str, Any]:
        """A JSON-safe copy of the input for the timeline, without its text and files."""
        skip = {TEXT_FIELD, ATTACHMENTS_FIELD, *self.unlogged}
        mentions = {MENTIONS: json_value(self.mentioned)} if self.mentioned else {}
        return mentions | {
            name: json_value(value)
            for name, value in self.cleaned_data.items()
            if name not in skip and value not in (None, "", [])
        }


def json_value(value: Any) -> Any:
    """Return ``value`` as it stands in timeline entries: text, number, or ``{id, zh, en}``."""
    if isinstance(value, models.Model):
        return named_row(value)
    if isinstance(value, models.QuerySet | list | tuple | set):
        return [json_value(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def named_row(row: models.Model) -> dict[str, Any]:
    """A row's id and its names at this moment, which stay true when the row is renamed later."""
    if isinstance(row, User):
        return {"id": row.username, "zh": row.full_name, "en": row.full_name_en or row.full_name}
    names = (getattr(row, name, None) for name in ("code", "number", "identifier"))
    key = next((name for name in names if name), row.pk)
    zh = getattr(row, "path_zh", None) or getattr(row, "name_zh", None) or str(row)
    en = getattr(row, "path_en", None) or getattr(row, "name_en", None) or str(row)
    return {"id": key, "zh": zh, "en": en}
