"""The portal's settings with the bench's own folder for built files, and one bare page beside the portal's."""

from itsm.settings import *  # noqa: F403  (everything that is not changed here)
from itsm.settings import BASE_DIR, DATA_DIR

ROOT_URLCONF = "bench.urls"
BUILD_DIR = DATA_DIR / "build"  # a portal or a test run beside the bench must not change its files
STATIC_ROOT = BUILD_DIR / "static"
STATICFILES_DIRS = [BUILD_DIR / "assets", BASE_DIR / "static"]
