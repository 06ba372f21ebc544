"""The HTML part of a mail: what its text says, paragraph by paragraph, and nothing else."""

from __future__ import annotations

import re

from django.conf import settings
from django.utils import translation
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

ADDRESS = re.compile(r"^https?://\S+$")
#: Above this line mail programs expect what was written, below it who sent it.
SIGNATURE = "-- "
#: Colours come in both themes; a program that knows only one shows its own paper and ink.
STYLE = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 24px 16px; line-height: 1.6; }
body { font-family: -apple-system, "PingFang SC", "Microsoft YaHei", sans-serif; }
main { max-width: 600px; margin: 0 auto; overflow-wrap: anywhere; }
h1 { margin: 0 0 16px; font-size: 20px; line-height: 1.4; }
.go { display: inline-block; padding: 10px 18px; border-radius: 6px; text-decoration: none; }
.go, .go:link { background: #0b63c4; color: #fff; }
footer { margin-top: 28px; padding-top: 12px; border-top: 1px solid #97a5b9; font-size: 13px; }
@media (prefers-color-scheme: dark) { body { background: #121a26; color: #dbe3ee; } a { color: #83b9f7; } }
"""


def page_of(subject: str, text: str, language: str) -> str:
    """A whole document for mail programs: ``subject`` as its heading, then ``text``."""
    with translation.override(language or settings.LANGUAGE_CODE):
        body = parts_of(text)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(subject)}</h1>{body}</main></body></html>"
    )


def parts_of(text: str) -> SafeString:
    """The paragraphs of ``text``: an address on a line of its own is a button, the signature a footer.

    Whatever people typed is escaped; labels are in the active language.
    """
    above, _line, below = text.strip().partition(f"\n{SIGNATURE}\n")
    paragraphs = "".join(_paragraph(part) for part in re.split(r"\n\s*\n", above) if part.strip())
    foot = f"<footer><p>{_lines(below)}</p></footer>" if below.strip() else ""
    return mark_safe(paragraphs + foot)  # noqa: S308 - every line went through urlize or escape


def _paragraph(part: str) -> str:
    lines = part.strip().splitlines()
    addresses: list[str] = []
    while lines and ADDRESS.match(lines[-1].strip()):
        addresses.insert(0, lines.pop().strip())
    said = f"<p>{_lines(chr(10).join(lines))}</p>" if lines else ""
    return said + "".join(f'<p><a class="go" href="{escape(each)}">{_label(each)}</a></p>' for each in addresses)


def _lines(text: str) -> str:
    return "<br>".join(urlize(line, autoescape=True) for line in text.strip().splitlines())


def _label(address: str) -> str:
    """What the button says; only addresses of the portal itself are hidden behind words."""
    if not address.startswith(f"{settings.SITE_URL}/"):
        return escape(address)
    return escape(_("Say whether it is solved") if "/answer/" in address else _("Open in the portal"))
