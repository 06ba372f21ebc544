"""Which files belong to the project, as opposed to packages, builds and data lying in the same folder."""

from collections.abc import Iterator
from pathlib import Path

FOREIGN_FOLDERS = {"node_modules", "var", "__pycache__"}


def project_files(base_dir: Path, *suffixes: str, skip: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yield the project's files with one of the suffixes, sorted by path; ``skip`` names further folders."""
    skipped = FOREIGN_FOLDERS | skip
    for folder in sorted(base_dir.iterdir()):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name in skipped:
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix in suffixes and not skipped & set(path.relative_to(base_dir).parts):
                yield path
