"""What the tests of the administration share."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.access.tokens import create_token
from tests.factories import World, make_item, make_organisation


def address(model: type[models.Model], page: str, *args: Any) -> str:
    """The address of a page of the administration."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def typed(page: Client, url: str) -> dict[str, Any]:
    """What the form on a page would send if nothing were changed."""
    response = page.get(url)
    forms = [response.context["adminform"].form]
    for formset in response.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    data: dict[str, Any] = {}
    for form in forms:
        for field in form:
            value = field.value()
            if isinstance(value, bool):
                value = "on" if value else None
            if isinstance(value, list | tuple | models.QuerySet):
                value = [getattr(item, "pk", item) for item in value]
            if value is not None:
                data[field.html_name] = value
    return data


def errors(response: Any) -> str:
    """All errors of the form on the answered page, in English."""
    with translation.override("en"):  # they are put into words when they are read
        return str(response.context["errors"]) if response.context and "errors" in response.context else ""


def make_rows(world: World, number: int) -> None:
    """Rows of what the shipped data does not have."""
    for index in range(number):
        name = f"row-{number}-{index}"
        make_item(name, world.organisations["exchange"])
        make_organisation(name)
        create_token(user=world.engineer, name=name)
        LogEntry.objects.log_actions(world.admin.pk, [world.desk], 2, [{"changed": {"fields": ["Name"]}}])
