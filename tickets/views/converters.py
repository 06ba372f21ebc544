"""Parts of addresses."""

from __future__ import annotations

from tickets.lifecycle import Kind, kinds


class KindConverter:
    """The plural of a registered kind, such as ``incidents``."""

    regex = "[a-z_-]+"

    def to_python(self, value: str) -> Kind:
        """Return the kind. Raises ValueError (not found) for anything else."""
        for kind in kinds():
            if kind.slug == value:
                return kind
        raise ValueError(value)

    def to_url(self, value: Kind | str) -> str:
        """The plural of the kind."""
        return value if isinstance(value, str) else value.slug
