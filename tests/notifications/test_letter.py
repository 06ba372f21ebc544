"""The HTML part of a mail says what the text says, safely, and is the same on every try (NTF-01)."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from django.conf import LazySettings

from notifications.channels.letter import page_of
from notifications.channels.mail import compose
from notifications.channels.outgoing import Outgoing

pytestmark = pytest.mark.req("NTF-01")

TEXT = """你好 Anna,

Line one <script>alert(1)</script>
Line two

Is it solved? Please answer here:
http://portal.test/answer/1.abc/

http://portal.test/tickets/IM261122000001/

--\x20
Choose what you are told, and how: http://portal.test/notices/choices/
"""


@pytest.fixture(autouse=True)
def site(settings: LazySettings) -> None:
    """Buttons stand for addresses of the portal only."""
    settings.SITE_URL = "http://portal.test"


def outgoing(text: str = TEXT) -> Outgoing:
    """A mail that is about to go."""
    kept = {"subject": "P1 <b>", "text": text, "date": "Mon, 23 Nov 2026 01:00:00 +0000", "language": "en"}
    return Outgoing(key="1", channel="email", to="a@example.com", message_id="<notice-1.1@portal.test>", rendered=kept)


def test_what_was_typed_is_escaped_and_addresses_are_buttons() -> None:
    page = page_of("P1 <b>", TEXT, "en")

    assert "<script>" not in page
    assert "<h1>P1 &lt;b&gt;</h1>" in page
    assert "Line one &lt;script&gt;alert(1)&lt;/script&gt;<br>Line two" in page
    assert '<a class="go" href="http://portal.test/answer/1.abc/">Say whether it is solved</a>' in page
    assert '<a class="go" href="http://portal.test/tickets/IM261122000001/">Open in the portal</a>' in page
    assert "<footer><p>Choose what you are told" in page
    assert "<table" not in page


def test_an_address_elsewhere_is_never_hidden_behind_words() -> None:
    assert ">https://evil.test/answer/</a>" in page_of("s", "https://evil.test/answer/", "en")
    assert ">http://portal.test.evil/answer/x</a>" in page_of("s", "http://portal.test.evil/answer/x", "en")


def test_both_parts_say_the_same_and_every_try_is_identical() -> None:
    first, second = compose(outgoing()), compose(outgoing())
    assert first == second

    mail = message_from_bytes(first, policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == TEXT
    assert "你好 Anna" in html.get_content()
    assert mail["Content-Language"] == "en"
