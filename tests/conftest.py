"""For all tests."""

from hypothesis import settings

# The same examples on every run, and no time limit: the machine may be busy.
settings.register_profile("calm", deadline=None, derandomize=True)
settings.load_profile("calm")
