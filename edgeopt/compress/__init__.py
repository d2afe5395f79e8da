"""ON THE HOST. Makes a smaller model of a source before it is converted.

A stage (`domain/compression.py`) maps a source to a source: an exported program goes in, one
comes out with its ONNX form. Each runs in a child process (`worker.py`). PyTorch sources only:
other formats do not say how to train them. Heads of files import nothing heavy.
"""
