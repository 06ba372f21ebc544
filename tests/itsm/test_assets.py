"""The front-end build: one stylesheet, a sprite of the icons in use, named scripts."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.conf import settings

from itsm.web import assets

pytestmark = pytest.mark.req("UX-02")

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none"'
    ' stroke="currentColor" stroke-width="2" class="icon"><path stroke="none" d="M0 0h24v24H0z" fill="none" />'
    '<path d="M3 10" /></svg>'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    packages = tmp_path / "node_modules"
    files = {
        packages / "@tabler/core/dist/css/tabler.min.css": "a{color:red}\n/*# sourceMappingURL=tabler.min.css.map */",
        packages / "tom-select/dist/css/tom-select.bootstrap5.min.css": "b{color:blue}",
        packages / "tom-select/dist/js/tom-select.popular.min.js": "select()\n//# sourceMappingURL=x.map",
        packages / "htmx.org/dist/htmx.min.js": "htmx()",
        packages / "cytoscape/dist/cytoscape.min.js": "graph()",
        packages / "cytoscape-dagre/dist/cytoscape-dagre.min.js": "layout()",
        packages / "echarts/dist/echarts.min.js": "chart()",
        packages / "@tabler/icons/icons/outline/search.svg": DRAWING,
        packages / "@tabler/icons/icons/outline/check.svg": DRAWING,
        packages / "@tabler/icons/icons/outline/home.svg": DRAWING,
        tmp_path / "static/css/app.css": "c{color:green}",
        tmp_path / "templates/page.html": '{% icon "search" "big" %}<link rel="icon" href="x">',
        tmp_path / "tickets/lifecycle.py": '@life.action(icon="check")\nENTRY = {"icon": "home"}',
        tmp_path / "tests/test_x.py": 'icon="only-in-tests"',
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_styles_are_joined_in_order_without_source_maps(project: Path) -> None:
    assets.build(base_dir=project, target=project / "out")

    css = (project / "out" / "app.css").read_text()
    assert [css.index(rule) for rule in ("a{", "b{", "c{")] == sorted(css.index(rule) for rule in ("a{", "b{", "c{"))
    assert "sourceMappingURL" not in css + (project / "out" / assets.SCRIPTS[1]).read_text()


def test_sprite_holds_exactly_the_icons_in_use(project: Path) -> None:
    icons = assets.build(base_dir=project, target=project / "out")

    root = ET.parse(project / "out" / "icons.svg").getroot()
    assert icons == ["check", "home", "search"]
    assert [symbol.get("id") for symbol in root] == icons
    assert [len(symbol) for symbol in root] == [1, 1, 1]  # the invisible box is gone
    assert root[0].get("width") is None


def test_unknown_icon_stops_the_build(project: Path) -> None:
    (project / "templates/page.html").write_text('{% icon "unicorn" %}')

    with pytest.raises(assets.AssetError, match="No such icon: unicorn"):
        assets.build(base_dir=project, target=project / "out")


def test_missing_package_is_named(project: Path) -> None:
    (project / "node_modules/htmx.org/dist/htmx.min.js").unlink()

    with pytest.raises(assets.AssetError, match=r"htmx\.min\.js is missing; run `npm ci`"):
        assets.build(base_dir=project, target=project / "out")


def test_unchanged_files_are_not_touched(project: Path) -> None:
    assets.build(base_dir=project, target=project / "out")
    before = (project / "out" / "app.css").stat().st_mtime_ns

    assets.build(base_dir=project, target=project / "out")

    assert (project / "out" / "app.css").stat().st_mtime_ns == before


def test_all_icons_of_the_portal_exist() -> None:
    if not (settings.BASE_DIR / "node_modules").is_dir():
        pytest.skip("front-end packages are not installed")
    assert assets.sprite(assets.used_icons(settings.BASE_DIR), settings.BASE_DIR / "node_modules" / assets.ICONS)
