"""What a ledger in a file does, one on a server does too."""

from tests.domain.test_badges import *  # noqa: F403  # the very same tests, with another `registrar`
