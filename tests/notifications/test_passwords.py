"""A forgotten password: its link goes out like every notice, whatever the mail server does meanwhile."""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse, set_urlconf

from notifications.choices import ROOM
from notifications.models import Delivery
from notifications.sending.outbox import deliver_due
from tests.factories import World
from tests.notifications.servers import Mailbox, said

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("ORG-06", "NTF-03")]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A mail server that takes connections and never greets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def ask(address: str) -> Any:
    """Somebody forgot a password."""
    cache.clear()
    return Client().post(reverse("account_reset_password"), {"email": address})


def test_a_mail_server_that_is_silent_holds_no_request(world: World, settings: Any, silent: socket.socket) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()

    known, unknown = ask(world.engineer.email), ask("who.is.that@example.com")

    assert (known.status_code, unknown.status_code) == (302, 302)
    assert known["Location"] == unknown["Location"]
    assert select.select([silent], [], [], 0)[0] == []  # no request called it
    [row] = Delivery.objects.all()
    assert (row.recipient, row.channel, row.status, row.rendered) == (world.engineer, "email", "pending", {})
    assert mail.outbox == []


def test_the_link_in_the_mail_sets_a_new_password(world: World, mailbox: Mailbox) -> None:
    """Also at night, and for a reader who chose to be told of nothing; the token lies in no table afterwards."""
    chosen = {"channels": {"password_link": []}, "quiet": {"from": "00:00", "until": "23:59"}}
    world.engineer.preferences = {ROOM: chosen}
    world.engineer.save(update_fields=["preferences"])
    ask(world.engineer.email)
    try:
        set_urlconf(settings.LINKS_URLCONF)  # as the engine does
        deliver_due()
    finally:
        set_urlconf(None)

    [letter] = mailbox.mails
    text = said(letter)
    found = re.search(rf"{settings.SITE_URL}(/\S+/reset/key/\S+)", text)
    assert found
    client = Client()
    form = client.get(found[1], follow=True)
    sent = {"password1": "Abendrot-ueber-1", "password2": "Abendrot-ueber-1"}
    assert client.post(form.redirect_chain[-1][0], sent).status_code == 302
    world.engineer.refresh_from_db()
    assert world.engineer.check_password("Abendrot-ueber-1")
    assert Delivery.objects.get().rendered == {}
    assert "engineer" in text
