"""The test study with practice in it."""

from tests.machinery.people import make_version, sharing_is_installed  # noqa: F401  fixtures are found by name
