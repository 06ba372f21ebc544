"""Lists as people see them in their browser."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from accounts.models import User


def browse(user: User, **headers: str) -> Client:
    """Their browser, in English."""
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client(headers=headers)
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The page without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
