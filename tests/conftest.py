"""What every run of the tests begins with: interruptions, and how many examples are tried."""

import os
import signal

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

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it starts in the background ignore interruptions, and all that starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
