"""Codes and user names for what an export knows by name only."""

from __future__ import annotations

import hashlib
import re

from django.utils.text import slugify

USERNAME = re.compile(r"[\w.@+-]+")


def code_of(name: str, prefix: str, longest: int) -> str:
    """A code of at most ``longest`` characters, the same for the same name and different for different ones.

    ``Group 70`` becomes ``imported-group-70``. What letters, digits and single blanks do not tell apart
    gets a checksum: ``imported-r-d-1f6c03a2`` for ``R&D``. Upper and lower case are the same.
    """
    slug = slugify(name)
    told = slug.replace("-", " ") == name.lower()
    return _with_checksum(prefix, slug, name, longest) if not told or len(prefix + slug) > longest else prefix + slug


def path_code_of(path: tuple[str, ...], prefix: str, longest: int) -> str:
    """The code of a node in a tree, from the names on the way down to it."""
    code = prefix + ".".join(code_of(name, "", longest) for name in path)
    return code if len(code) <= longest else _with_checksum(code[: longest // 2], "", "\n".join(path), longest)


def username_of(name: str, prefix: str) -> str:
    """A user name. Without a prefix a name that can be one is taken as it stands, to match existing people."""
    if not prefix and USERNAME.fullmatch(name):
        return name.lower()
    return code_of(name, prefix, 150)


def _with_checksum(prefix: str, slug: str, name: str, longest: int) -> str:
    checksum = hashlib.sha256(name.lower().encode()).hexdigest()[:8]
    room = longest - len(prefix) - len(checksum) - 1
    return f"{prefix}{slug[:room].rstrip('-')}-{checksum}" if slug else f"{prefix}{checksum}"
