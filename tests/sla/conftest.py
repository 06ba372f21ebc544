"""People who look at pages of time, and the mail server that takes what clocks tell."""

from tests.notifications.conftest import mailbox
from tests.pages.conftest import browse

__all__ = ["browse", "mailbox"]
