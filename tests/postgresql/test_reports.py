"""What is reported to a ledger in a file is reported to one on a server too."""

from tests.domain.test_reports import *  # noqa: F403  # the very same tests, with another `registrar`
