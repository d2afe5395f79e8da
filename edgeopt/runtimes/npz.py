"""ON THE DEVICE AND HOST. Reads .npz files of users, with numpy: at intake and in each bundle.

numpy takes a header's word for the size, reads past a wrong checksum, and raises whatever comes:
here each entry's header is held to the entry, and everything that is wrong is one sentence.
"""

import errno
import os
import stat
import struct
import zipfile
import zlib

import numpy as np

from edgeopt.runtimes.fitting import Unfit

HINT = "Write one with numpy.savez(path, INPUT=array, labels=array)."

#: What there is to do where a file cannot be opened at all: no other content of it would help.
OPENED = {
    errno.ENOENT: ("no such file", "Give the path of an .npz file that is there."),
    errno.ENOTDIR: ("no such file", "Give the path of an .npz file that is there."),
    errno.EACCES: ("permission denied", "Change its permissions, or those of its folder."),
}


def _lzma_error():
    try:
        from lzma import LZMAError
    except ImportError:  # a Python that was built without it unpacks no such archive, either
        return zlib.error
    return LZMAError


#: What `zipfile`, and what it unpacks with, raise where an archive is not what was written. All
#: that read archives take it from here, and not from a file of its own: each bundle has this one.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    _lzma_error(),
    struct.error,
    EOFError,
    LookupError,
    ValueError,
    OverflowError,
    RuntimeError,
    NotImplementedError,
)
#: The same with what numpy raises at a header that is none, and what no machine holds.
BROKEN = (*DAMAGED, OSError, MemoryError, TypeError, SyntaxError)


def read(path):
    """{name: array} of every array in the file; raises Unfit with what is wrong."""
    require(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _arrays(archive)
    except BROKEN as error:
        raise _unfit(path, error) from error


def require(path):
    """Raises Unfit where there is no file at `path`, or no archive; nothing is unpacked."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError("it is a folder" if stat.S_ISDIR(mode) else "it is no file")
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("not a zip archive, or cut short")
    except BROKEN as error:
        raise _unfit(path, error) from error


def _unfit(path, error):
    if getattr(error, "errno", None) in OPENED:
        why, hint = OPENED[error.errno]
        return Unfit("{}: {}".format(path, why), hint)
    return Unfit("{}: cannot be read as .npz: {}".format(path, reason(error)), HINT)


def _arrays(archive):
    names = archive.namelist()
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError("{!r} is in it twice".format(twice[:100]))
    need = sum(info.file_size for info in archive.infolist())
    have = _memory()
    if have and need > have:
        words = "it holds {:.1f} GB, and this machine has {:.1f} GB of memory"
        raise ValueError(words.format(need / 1e9, have / 1e9))
    arrays = {}
    for info in archive.infolist():
        if not info.filename.endswith(".npy"):
            raise ValueError("{!r} in it is no array".format(info.filename[:100]))
        name = info.filename[: -len(".npy")]
        try:
            arrays[name] = _array(archive, info)
        except BROKEN as error:
            raise ValueError("{!r}: {}".format(name[:100], reason(error))) from error
    return arrays


def _array(archive, info):
    if info.flag_bits & 1:
        raise ValueError("it is encrypted")
    with archive.open(info) as entry:
        shape, dtype, start = _header(entry)
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which are not unpickled")
        count = 1
        for dim in shape:
            count *= int(dim)
        if count * dtype.itemsize != info.file_size - start:
            words = "its header says {} {}, {:,} bytes, but {:,} are there"
            said = str(list(shape))[:60]
            raise ValueError(
                words.format(dtype, said, count * dtype.itemsize, info.file_size - start)
            )
    with archive.open(info) as entry:
        array = np.lib.format.read_array(entry, allow_pickle=False)
        entry.read()  # to the end: the checksum is looked at there
    return array


def _header(entry):
    """(shape, dtype, bytes before the data) of an entry."""
    version = np.lib.format.read_magic(entry)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:  # (3, 0) is of names in UTF-8, in records alone
        raise ValueError("its format {}.{} is not known".format(*version))
    try:
        shape, _, dtype = readers[version](entry)
    except Exception:  # numpy evaluates the text: whatever its parser raises
        raise ValueError("its header makes no sense") from None
    if any(dim < 0 for dim in shape):
        raise ValueError("its header says a size below 0")
    return shape, dtype, entry.tell()


def _memory():
    """Bytes of this machine, 0 where nobody tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def reason(error):
    """One line of why."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, (RecursionError, MemoryError, SyntaxError, TypeError, OverflowError)):
        return "its header makes no sense"
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
