"""One file per input format. Each reads the user's model and prepares it for the converters.

`load.inspect` says what goes in and out; `load.prepare` fixes the shapes and writes the
forms that converters start from. Reading needs torch or onnx, so it runs in a child.
"""
