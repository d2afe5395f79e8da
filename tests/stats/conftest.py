from hypothesis import settings

# The machine that runs the tests may be measuring at the same time: no deadlines.
settings.register_profile("stats", max_examples=60, deadline=None)
settings.load_profile("stats")
