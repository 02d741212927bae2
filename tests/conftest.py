"""Hypothesis profiles: how many examples a property is tried on, and whether anew each time."""

import os

from hypothesis import HealthCheck, settings

# Building a pathway with a record that suits it takes a while, and a busy machine takes longer.
PATIENT = [HealthCheck.too_slow]

settings.register_profile("default", max_examples=100, deadline=None, suppress_health_check=PATIENT)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.register_profile(
    "fuzz", settings.get_profile("default"), max_examples=20_000, print_blob=True
)

# Unless asked otherwise, a run finds today what it found yesterday.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
