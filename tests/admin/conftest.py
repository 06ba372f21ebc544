"""The administrator's browser."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import World


@pytest.fixture
def page(world: World) -> Client:
    """A browser in which the administrator is signed in, in English."""
    User.objects.filter(pk=world.admin.pk).update(language="en")
    client = Client()
    client.force_login(world.admin)
    return client
