import os

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples in every run: a failure in CI is a failure at home. "long" looks for new ones.
settings.register_profile("default", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
