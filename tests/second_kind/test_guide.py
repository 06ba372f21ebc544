"""docs/adding-a-kind.md is true: its code is that of the kind in this folder, which is built and tried whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.req("TKT-06")

GUIDE = (Path(settings.BASE_DIR) / "docs" / "adding-a-kind.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
HERE = Path(__file__).parent
BUILT = [node for path in sorted(HERE.glob("*.py")) for node in ast.parse(path.read_text(encoding="utf-8")).body]


def is_built(written: ast.stmt) -> bool:
    """Whether it stands in a file of the kind; of a class the decorators, the bases and what is shown of its body."""
    return any(ast.dump(written) == ast.dump(node) or _is_part(written, node) for node in BUILT)


def _is_part(written: ast.stmt, node: ast.stmt) -> bool:
    if not (isinstance(written, ast.ClassDef) and isinstance(node, ast.ClassDef) and written.name == node.name):
        return False
    heads = [[ast.dump(part) for part in (*one.decorator_list, *one.bases)] for one in (written, node)]
    bodies = [{ast.dump(part) for part in one.body} for one in (written, node)]
    return heads[0] == heads[1] and bodies[0] <= bodies[1]


def test_code_of_the_guide_is_that_of_the_kind() -> None:
    written = [statement for block in BLOCKS for statement in ast.parse(block).body]

    assert [getattr(one, "name", "") for one in written] == ["States", "", "", "set_out", "Visit"]
    assert [ast.unparse(one) for one in written if not is_built(one)] == []


@pytest.mark.parametrize("file", re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", GUIDE))
def test_files_that_the_guide_names_are_there(file: str) -> None:
    assert (Path(settings.BASE_DIR) / file).exists()
