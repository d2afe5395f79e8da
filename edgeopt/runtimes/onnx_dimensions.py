"""ON THE DEVICE. The names of the dimensions that an ONNX file leaves open, without opening it.

A session that is to run at given sizes has to know them beforehand: asking a first one for the
names would load the file twice. What is read here are a few fields of ONNX's protocol buffer
(onnx.proto; https://protobuf.dev/programming-guides/encoding); weights are stepped over.
"""

import mmap

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
# Numbers of fields in onnx.proto.
_GRAPH, _INPUT = 7, 11  # of ModelProto, of GraphProto
_NAME, _TYPE = 1, 2  # of ValueInfoProto
_TENSOR, _SHAPE, _DIM, _DIM_PARAM = 1, 2, 1, 2  # of TypeProto, its Tensor, its shape, a dimension


def dimensions(path):
    """{input: [a dimension's name, "" where it has none]}; {} for what is no such file."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return dict(
                _input(data, *place)
                for graph in _parts(data, 0, len(data), _GRAPH)
                for place in _parts(data, *graph, _INPUT)
            )
    except (ValueError, IndexError):  # damaged, empty, or another format: the session will tell
        return {}


def _input(data, start, end):
    name, names = "", []
    for place in _parts(data, start, end, _NAME):
        name = _text(data, *place)
    for kind in _parts(data, start, end, _TYPE):
        for tensor in _parts(data, *kind, _TENSOR):
            for shape in _parts(data, *tensor, _SHAPE):
                names = [_dimension(data, *dim) for dim in _parts(data, *shape, _DIM)]
    return name, names


def _dimension(data, start, end):
    for place in _parts(data, start, end, _DIM_PARAM):
        return _text(data, *place)
    return ""


def _text(data, start, end):
    return data[start:end].decode("utf-8", "replace")


def _parts(data, start, end, wanted):
    """(start, end) of each field of a number that has a length, between two places.

    Raises ValueError, IndexError: there are no fields.
    """
    while start < end:
        key, start = _varint(data, start)
        number, kind = key >> 3, key & 7
        if kind == _LENGTH:
            size, start = _varint(data, start)
            if start + size > end:
                raise ValueError("a field that ends after what it is in")
            if number == wanted:
                yield start, start + size
            start += size
        elif kind == _VARINT:
            _, start = _varint(data, start)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            start += 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError("a field of a kind that is not in use")


def _varint(data, at):
    """(number, what comes after it): seven bits a byte, the low ones first."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number without an end")
