"""Pages are asked for by a signed-in client of Django's; nothing is mocked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def browse(db: None) -> Callable[[User | None], Client]:
    """Return a client that is signed in as somebody, in English; None browses without signing in."""

    def sign_in(user: User | None) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        if user is not None:
            User.objects.filter(pk=user.pk).update(language="en")
            client.force_login(user)
        return client

    return sign_in
