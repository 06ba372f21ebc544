#!/usr/bin/env python
"""Django's command line; brings the embedded servers along when no server is configured."""

import os
import sys


def main() -> None:
    """Run one command. Commands that need the database find the running server or start one for their time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "itsm.settings")
    if sys.argv[1:2] == ["run"]:
        from itsm.run import supervisor  # no Django in this process: it only watches the others

        raise SystemExit(supervisor.main())

    from django.core.management import execute_from_command_line

    from itsm import embedded

    with embedded.database_for_command(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
