"""Builds the front-end files from npm's packages and our own sources: no bundler, just joining and copying.

The result (``app.css``, ``icons.svg`` and the named scripts) is a folder of static files.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

from itsm.sources import project_files

STYLESHEETS = ["@tabler/core/dist/css/tabler.min.css", "tom-select/dist/css/tom-select.bootstrap5.min.css"]
SCRIPTS = [
    "htmx.org/dist/htmx.min.js",
    "tom-select/dist/js/tom-select.popular.min.js",
    "cytoscape/dist/cytoscape.min.js",
    "cytoscape-dagre/dist/cytoscape-dagre.min.js",
    "echarts/dist/echarts.min.js",
]
ICONS = "@tabler/icons/icons/outline"
NOT_SHIPPED = frozenset({"tests", "bench", "docs"})
SVG = "http://www.w3.org/2000/svg"

# A page must not ask for source maps that are not served; the manifest storage would even refuse the file.
SOURCE_MAP = re.compile(r"(/\*|//)#\s*sourceMappingURL=.*?(\*/|$)", re.MULTILINE)
ICON_USES = [
    re.compile(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']"""),  # {% icon "search" %}
    re.compile(r"""\bicon\|default:["']([a-z0-9-]+)["']"""),  # {% icon icon|default:"inbox" %}
    re.compile(r"""\bicon(?:: str)?\s?=\s?["']([a-z0-9-]+)["']"""),  # .action(icon="check"), include … icon="x"
    re.compile(r"""["']icon["']:\s*["']([a-z0-9-]+)["']"""),  # {"icon": "home"}
]


class AssetError(Exception):
    """The front-end cannot be built: a package or an icon is missing."""


def build(*, base_dir: Path, target: Path) -> list[str]:
    """Write all front-end files into ``target`` and return the names of the icons in the sprite.

    Files whose content stays the same are not touched. Raises AssetError.
    """
    packages = base_dir / "node_modules"
    icons = used_icons(base_dir)
    own_styles = sorted((base_dir / "static" / "css").glob("*.css"))
    styles = [*(packages / name for name in STYLESHEETS), *own_styles]
    _write(target / "app.css", "\n".join(_read(path) for path in styles))
    _write(target / "icons.svg", sprite(icons, packages / ICONS))
    for name in SCRIPTS:
        _write(target / name, _read(packages / name))
    return icons


def used_icons(base_dir: Path) -> list[str]:
    """Return the sorted names of all icons that templates and code mention."""
    sources = project_files(base_dir, ".html", ".py", skip=NOT_SHIPPED)
    return sorted({name for path in sources for name in icons_in(path.read_text())})


def icons_in(source: str) -> Iterator[str]:
    """Yield the icon names in one template or Python file."""
    for pattern in ICON_USES:
        yield from pattern.findall(source)


def sprite(names: Iterable[str], folder: Path) -> str:
    """Return one SVG with a symbol per icon; ``folder`` holds ``NAME.svg``. Raises AssetError for unknown names."""
    names = list(names)
    unknown = [name for name in names if not (folder / f"{name}.svg").exists()]
    if unknown:
        raise AssetError(f"No such icon: {', '.join(unknown)}. The names are those of Tabler's outline set.")
    ET.register_namespace("", SVG)
    root = ET.Element(f"{{{SVG}}}svg")
    for name in names:
        root.append(_symbol(name, folder / f"{name}.svg"))
    return ET.tostring(root, encoding="unicode")


def _symbol(name: str, path: Path) -> ET.Element:
    """Return an icon as a symbol; size and stroke width come from where it is used, the colour from the text."""
    drawing = ET.parse(path).getroot()  # noqa: S314  (see the import)
    kept = {key: value for key, value in drawing.items() if key not in {"class", "width", "height", "stroke-width"}}
    symbol = ET.Element(f"{{{SVG}}}symbol", {"id": name, **kept})
    for shape in drawing:
        if shape.get("d") != "M0 0h24v24H0z":  # an invisible box around the drawing
            shape.tail = None
            symbol.append(shape)
    return symbol


def _read(path: Path) -> str:
    if not path.exists():
        raise AssetError(f"{path} is missing; run `npm ci`.")
    return SOURCE_MAP.sub("", path.read_text())


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
