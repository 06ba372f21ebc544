"""What would follow, shown before it is done: that is agreed to, and nothing else (CMDB-01, CMDB-08)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Preview:
    """What would follow, in sentences, of what is asked (``about``). Of what nothing follows needs no agreement."""

    follows: Sequence[str]
    about: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def mark(self) -> str:
        """Tells this from whatever else might be shown: whoever sends it back has read this."""
        content = json.dumps([list(self.follows), self.about], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def agreed(self, mark: str) -> bool:
        """Whether nothing follows, or what was shown with ``mark`` is what would follow now."""
        return not self.follows or mark == self.mark
