"""What users type reaches a mail, a chat room and a program as text, and never as anything else (NTF-01).

The corpus is what forged headers and bodies with ``EmailMessage``: encoded words, folded lines, every end of a line.
"""

from __future__ import annotations

import random
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from notifications.channels import headers, mail, posting
from notifications.channels.mail import compose
from notifications.channels.outgoing import Outgoing
from notifications.sending.outbox import deliver_due
from tests.factories import World, act, register_incident
from tests.notifications.servers import Mailbox, Program, said

pytestmark = pytest.mark.req("NTF-01")

FORGED = "=?utf-8?Q?Password_expires=0d=0aContent-Type:_text/html=0d=0a=0d=0a<h1>x</h1>?="
CORPUS = [
    FORGED,
    "=?utf-8?q?a=0aReply-To:_evil@example.net?=",
    "=?utf-8?b?YQ0KQmNjOiBldmlsQGV4YW1wbGUubmV0DQo=?=",
    "=?iso-8859-1*en?Q?a=0D=0ATo:_evil@example.net?=",
    "=?utf-8?q?a?=\r\n =?utf-8?q?=0d=0aBcc:_evil@example.net?=",
    "=?gb2312?B?xOO6ww==?= 你好",
    *(f"a{end}Bcc: evil@example.net{end}{end}<h1>x</h1>" for end in ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x85")),
    *(f"a{end}Bcc: evil@example.net" for end in ("\u2028", "\u2029", "\x1c", "\x1d", "\x1e", "\x00", "\n ", "\r\n\t")),
    'a" <evil@example.net>, "b',
    "a, evil@example.net; b <c@example.net>",
    '(comment) \\" <x',
    "a\ud800b",
    "x" * 1200,
    "字" * 400,
    "- " * 300,
    "📎" * 100,
]
NAMES = {"From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "X-Auto-Response-Suppress"}
NAMES |= {"X-ITSM-Instance", "Content-Language", "MIME-Version", "Content-Type"}


def outgoing(**fields: Any) -> Outgoing:
    """A mail that is about to go."""
    kept = {"subject": "s", "text": "t\n", "date": "Mon, 23 Nov 2026 01:00:00 +0000", "language": "en"} | fields
    return Outgoing(key="1", channel="email", to="a@example.com", message_id="<notice-1.1@portal>", rendered=kept)


def parsed(content: bytes) -> EmailMessage:
    """The mail as programs of today read it."""
    return message_from_bytes(content, policy=policy.default)


def as_older_programs(content: bytes, name: str) -> str:
    """A header as programs read it that know RFC 2047 alone."""
    return str(make_header(decode_header(message_from_bytes(content)[name])))


@pytest.mark.parametrize("text", CORPUS, ids=ascii)
def test_text_makes_no_header_and_no_body(text: str) -> None:
    content = compose(outgoing(subject=text, text=f"{text}\n", thread="<ticket-1@portal>"))

    read = parsed(content)
    assert set(read.keys()) == NAMES
    assert len(read.keys()) == len(NAMES)
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    head, _blank, _body = content.partition(b"\r\n\r\n")
    assert all(len(line) <= 100 and line.isascii() for line in head.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert read["Subject"] == as_older_programs(content, "Subject") == headers.tidy(text)
    assert "<h1>x</h1>" not in str(read.get_body(("html",)))


@pytest.mark.parametrize("name", CORPUS, ids=ascii)
def test_a_name_beside_an_address_stays_a_name(name: str) -> None:
    content = headers.address("To", "li@example.com", name)

    assert parsed(content + b"\r\n")["To"].addresses[0].addr_spec == "li@example.com"
    assert len(parsed(content + b"\r\n")["To"].addresses) == 1
    assert list(parsed(content + b"\r\n").keys()) == ["To"]
    assert as_older_programs(content + b"\r\n", "To").replace("\r\n", "") == f"{headers.tidy(name)} <li@example.com>"


@pytest.mark.parametrize(
    "mailbox",
    [
        *("", "a", "a@", "@b", "a@b\nBcc: c@d", "a@b, c@d", "a b@c", '"a"@b', "<a@b>", "a@b>", "a@b..c", ".a@b"),
        *("李@b.cn", "a@b\r", "a@b\x00", "=?utf-8?q?a?=@b\n", "a@[127.0.0.1]", "a@b NOTIFY=NEVER", "a@b;c@d"),
        *("a(x)@b", "a@b-"),
    ],
)
def test_what_is_no_address_is_refused_for_good(mailbox: str) -> None:
    with pytest.raises(headers.BadHeader):
        headers.plain_mailbox(mailbox)

    tried = outgoing()
    result = mail.send(Outgoing(tried.key, tried.channel, mailbox, tried.message_id, tried.rendered))
    assert (result.kind, result.detail) == ("permanent", "This is no mail address.")


def test_addresses_of_daily_use_are_taken() -> None:
    assert headers.plain_mailbox("o'hara+it@example.co.uk") == "o'hara+it@example.co.uk"
    assert headers.plain_mailbox("itsm@localhost") == "itsm@localhost"
    assert headers.plain_mailbox("a@例子.cn") == "a@xn--fsqu00a.cn"
    assert headers.parted('"某公司 IT" <it@example.com>') == ("某公司 IT", "it@example.com")
    assert headers.parted("it@example.com") == ("", "it@example.com")


WORDS = ["VPN", "客户端", "连接", "后", "无法", "访问", "内网", "GitLab", "和", "Jira", "系统", "IM261129000021"]
WORDS += [
    "the",
    "mail",
    "server",
    "：",
    "（P1）",
    "-",
    "50%",
    "=?",
    "?=",
    "…",
    "📎",
    "naïve",
    "A" * 60,
    "。",
    "'",
    '"',
]


def test_mixed_subjects_come_back_as_they_were() -> None:
    """Of 3,000 of them 297 lost a blank, and one showed an encoded word."""
    chance = random.Random(47)  # noqa: S311 - the same subjects each time
    for _turn in range(3000):
        words = [chance.choice(WORDS) for _word in range(chance.randint(1, 25))]
        text = "".join(word + chance.choice(["", " ", " ", "  "]) for word in words).strip()
        line = headers.header("Subject", text) + b"\r\n"
        assert parsed(line)["Subject"] == as_older_programs(line, "Subject") == text
        assert max(map(len, line.split(b"\r\n"))) <= headers.LINE


@given(st.text(max_size=120))
def test_any_text_comes_back_without_its_controls(text: str) -> None:
    line = headers.header("Subject", text) + b"\r\n"
    assert as_older_programs(line, "Subject") == headers.tidy(text)
    assert list(parsed(line).keys()) == ["Subject"]


@pytest.mark.django_db(transaction=True)
def test_a_forged_summary_reaches_the_engineer_as_text(world: World, mailbox: Mailbox) -> None:
    """The whole way: a requester reports, the desk assigns, the mail server takes what the portal sends."""
    User.objects.filter(pk=world.requester.pk).update(full_name=FORGED)
    ticket = register_incident(world.desk, requester="requester", summary=FORGED)
    act(ticket, "assign", world.desk, group="host", assignee="engineer", text=FORGED)
    for _round in range(3):
        deliver_due(3.0)

    told = [one for one in mailbox.mails if one["To"] == "engineer@example.com"]
    assert told
    for one in mailbox.mails:
        assert one.get_content_type() == "multipart/alternative"
        assert (one["Reply-To"], one["Bcc"], one["Cc"]) == (None, None, None)
        assert "<h1>x</h1>" not in str(one.get_body(("html",)))
    assert FORGED in told[0]["Subject"]
    assert FORGED in said(told[0])


@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "feishu", "sms", "webhook"])
def test_rooms_and_programs_get_text(program: Program, channel: str) -> None:
    """Marks with which a chat service calls everybody in, or hides a link behind words, are text."""
    short = 'a <at user_id="all">x</at> <@all> [bank](http://evil.example) \x1b]0;x\x07\r\n"}, {"at": 1'
    kept = {"subject": short, "text": short, "short": short, "notices": []}
    sent = Outgoing("7", channel, "13800000000", "", kept, url=program.url, secret="s")

    assert posting.send(sent).kind == "sent"
    [post] = program.posts
    assert not [value for value in post.headers.values() if "evil" in value]
    said = post.json.get("content") or post.json.get("text")
    text = said if isinstance(said, str) else said.get("text") or said["content"]
    if channel in ("wecom", "dingtalk", "feishu"):
        assert set(text).isdisjoint("<>[]@\x1b\x07\r")
    assert "evil.example" in text


def test_mails_of_libraries_go_the_same_way(mailbox: Mailbox, settings: Any) -> None:
    settings.EMAIL_BACKEND = "notifications.channels.portal_mail.EmailBackend"
    letter = EmailMultiAlternatives("新密码 " + FORGED, "Line\n.\nBcc: x", to=["a@example.com", "b@example.com"])
    letter.attach_alternative("<h1>x</h1>", "text/html")

    assert letter.send() == 2
    assert [one["To"] for one in mailbox.mails] == ["a@example.com", "b@example.com"]
    assert mailbox.mails[0]["Subject"] == "新密码 " + FORGED
    assert said(mailbox.mails[0]).splitlines() == ["Line", ".", "Bcc: x"]
