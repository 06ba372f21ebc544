"""Collecting, checking and compiling translations with Babel."""

import gettext
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation

from itsm import messages
from itsm.sources import project_files
from tests.shipped import SHIPPED
from tickets.lifecycle import Action

pytestmark = pytest.mark.req("UX-01")

TEMPLATE = """{% load i18n %}
   <p>it's "quoted (</p>
 {% translate "Hello" %}
{% blocktranslate trimmed count n=items|length %}
    One {{ thing }}
  here
  {% plural %}
    {{ n }} things{% endblocktranslate %} {{ _("inline") }}
{% translate "May" context "month" %}
"""
CODE = '''
from django.utils.translation import gettext_lazy as _
label = _("A label "
          "in two parts")
month = pgettext("month", "May")


@life.action(source=NEW, label=_("Hello"), done=_("Hello"))
def begin(ticket):
    """Begin it, whoever
    is first (INC-06)."""


class View:
    @action(detail=True)
    def other(self):
        """Not an action of ours."""
'''
THIRD_PARTY = 'msgid ""\nmsgstr ""\n\nmsgctxt "field"\nmsgid "Login"\nmsgstr ""\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "templates/page.html": TEMPLATE,
        "app/models.py": CODE,
        "tests/x.py": '_("never")',
        "locale/third_party.pot": THIRD_PARTY,
    }.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text)
    return tmp_path


@pytest.fixture
def po_file(project: Path) -> Path:
    return project / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def translate(po_file: Path, **texts: str) -> None:
    """Fill in translations by the first word of the English text."""
    blocks = po_file.read_text().split("\n\n")
    for word, text in texts.items():
        blocks = [
            block.replace('msgstr ""', f'msgstr "{text}"').replace('msgstr[0] ""', f'msgstr[0] "{text}"')
            if f'msgid "{word}' in block
            else block
            for block in blocks
        ]
    po_file.write_text("\n\n".join(blocks))


ALL = {
    "Hello": "你好",
    "One": "%(n)s 个东西",
    "inline": "内联",
    "May": "五月",
    "A": "标签",
    "Begin": "由先到者开始。",
    "Login": "账号",
}


def test_texts_of_templates_and_code_are_found(project: Path) -> None:
    found = {(message.id, message.context) for message in messages.collect(project) if message.id}

    assert found == {
        ("Hello", None),
        (("One %(thing)s here", "%(n)s things"), None),
        ("inline", None),
        ("May", "month"),
        ("A label in two parts", None),
        ("Begin it, whoever is first.", None),
        ("Login", "field"),
    }


def test_update_keeps_translations_and_drops_unused_texts(project: Path, po_file: Path) -> None:
    messages.update(po_file, messages.collect(project))
    translate(po_file, Hello="你好", inline="内联")
    (project / "templates/page.html").write_text('{% load i18n %}{% translate "Hello" %}{% translate "New" %}')

    catalog = messages.update(po_file, messages.collect(project))

    assert messages.read(po_file)["Hello"].string == "你好"
    assert "inline" not in catalog
    assert "New" in catalog
    assert "内联" not in po_file.read_text()


def test_update_twice_writes_the_same_file(project: Path, po_file: Path) -> None:
    messages.update(po_file, messages.collect(project))
    first = po_file.read_bytes()

    messages.update(po_file, messages.collect(project))

    assert po_file.read_bytes() == first


def test_check_names_missing_texts(project: Path, po_file: Path) -> None:
    messages.update(po_file, messages.collect(project))
    translate(po_file, **{key: text for key, text in ALL.items() if key != "May"})

    report = messages.check(po_file, messages.collect(project))

    assert vars(report) == {"missing": ["[month] May"], "fuzzy": [], "stale": [], "broken": []}


def test_check_names_unused_fuzzy_and_broken_texts(project: Path, po_file: Path) -> None:
    messages.update(po_file, messages.collect(project))
    translate(po_file, **ALL | {"One": "%(other)s 个东西"})
    po_file.write_text(po_file.read_text() + '\n#, fuzzy\nmsgid "Gone"\nmsgstr "没了"\n')

    report = messages.check(po_file, messages.collect(project))

    assert report.stale == ["Gone"]
    assert report.fuzzy == ["Gone"]
    assert report.broken == ["One %(thing)s here"]


def test_complete_catalogue_passes_and_compiles(project: Path, po_file: Path) -> None:
    messages.update(po_file, messages.collect(project))
    translate(po_file, **ALL)
    assert not messages.check(po_file, messages.collect(project))

    with messages.compile_catalogue(po_file).open("rb") as handle:
        chinese = gettext.GNUTranslations(handle)

    assert chinese.gettext("Hello") == "你好"
    assert chinese.pgettext("month", "May") == "五月"
    assert chinese.ngettext("One %(thing)s here", "%(n)s things", 5) == "%(n)s 个东西"


def test_texts_that_are_compiled_late_are_read_by_the_same_process(project: Path, po_file: Path) -> None:
    """In a fresh clone nothing is compiled when the preparation begins, and the demo is stored in both languages."""
    messages.update(po_file, messages.collect(project))
    translate(po_file, **ALL)
    with override_settings(LOCALE_PATHS=[po_file.parent.parent.parent]), translation.override("zh-hans"):
        assert translation.gettext("Hello") == "Hello"
        messages.compile_catalogue(po_file)
        translation.activate("zh-hans")
        assert translation.gettext("Hello") == "你好"


ACTIONS = [action for kind in SHIPPED for action in kind.actions.values()]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.name}-{action.label}")
def test_every_action_speaks_chinese(action: Action) -> None:
    with translation.override("zh-hans"):
        texts = [translation.gettext(action.help), str(action.label), str(action.done)]

    assert [text for text in texts if not re.search("[\u4e00-\u9fff]", text)] == []


def test_no_text_hides_in_an_f_string() -> None:
    """Before Python 3.12 an f-string is one token, in which Babel finds nothing."""
    hidden = re.compile(r"\{(_|n?p?gettext(_lazy)?)\(")
    paths = project_files(settings.BASE_DIR, ".py", skip=messages.NOT_TRANSLATED)

    assert [path.name for path in paths if hidden.search(path.read_text())] == []


@pytest.mark.django_db
def test_scripts_of_the_administration_speak_chinese(client: Client) -> None:
    with translation.override("zh-hans"):
        page = client.get(reverse("admin:jsi18n"), headers={"accept-language": "zh-hans"})

    assert json.dumps("选择全部%s") in page.content.decode()
    assert json.dumps("可用 %s") in page.content.decode()
