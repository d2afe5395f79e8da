from hypothesis import settings

# The machine that runs the tests may be measuring at the same time: no deadlines.
settings.register_profile("edgeopt", max_examples=25, deadline=None)
settings.load_profile("edgeopt")
