"""ON THE DEVICE. The shapes that a caller fixes of inputs which a file leaves open.

They come as one of a session's options, `shapes`: JSON, {input: [sizes]}.
"""

import json

OPTION = "shapes"


def option(shapes):
    """The option's value for {input: sizes}."""
    return json.dumps({name: list(shape) for name, shape in sorted(shapes.items())})


def split(options):
    """(options without this one, {input: sizes}).

    Raises:
        ValueError: the value is no such JSON.
    """
    rest = {key: value for key, value in options.items() if key != OPTION}
    text = options.get(OPTION)
    if text is None:
        return rest, {}
    shapes = json.loads(str(text))
    if not isinstance(shapes, dict) or not all(_is_shape(one) for one in shapes.values()):
        raise ValueError("shapes must be {input: [sizes]}, but is " + str(text)[:100])
    return rest, shapes


def _is_shape(value):
    return isinstance(value, list) and all(isinstance(dim, int) and dim > 0 for dim in value)


def fixed(specs, shapes):
    """Specs of inputs with these shapes in place of those that the file states."""
    return [{**spec, "shape": shapes.get(spec["name"], spec["shape"])} for spec in specs]


def symbols(names, shapes):
    """{name of an open dimension: its size}, of {input: [its dimensions' names, "": none]}."""
    return {
        name: size
        for given, sizes in shapes.items()
        for name, size in zip(names.get(given, ()), sizes)
        if name
    }
