"""What is read from a file is read from a server too."""

from tests.projections.test_read_models import *  # noqa: F403  # the same, another `registrar`
