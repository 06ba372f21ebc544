"""What every endpoint of the REST API shares: who asks, how refusals read, paging, repeating safely."""

from itsm.api import converters  # noqa: F401 - registers parts of addresses before any address is written
