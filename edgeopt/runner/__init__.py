"""ON THE DEVICE. The process that runs and times one artifact.

JSON lines on stdin and stdout, described in `docs/runner-protocol.md`. Standard library,
numpy and one runtime; Python 3.9 or later.
"""
