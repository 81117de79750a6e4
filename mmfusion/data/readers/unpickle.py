"""Reading arrays out of a pickle without running what is in it.

A pickle is a program: it names functions and calls them. Here a name is never looked up. The few names that
NumPy writes for its arrays stand for inert builders, which note their arguments, and every other
name is refused. When the program has ended, the notes are turned into arrays, each being a view on bytes of
the file. The program's opcodes are read first, so that a declared size larger than the file
cannot exhaust memory.

Keys of dictionaries are hashed while the program runs, and hashing nested tuples may take forever or exhaust
the stack. Therefore the unpickler that is written in Python is used: it allows a look at a key first.
"""

from __future__ import annotations

import pickle
import pickletools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NoReturn

from mmfusion.data.readers.file_kind import check_exists
from mmfusion.data.readers.pickled_arrays import BUILDS, Budget, Builder, PlainValues, Refused, check_hashed
from mmfusion.data.readers.reading_memory import PICKLE_COPIES, check_memory
from mmfusion.errors import DataError
from mmfusion.sentences import MOST_LETTERS

_COUNTED = {
    pickletools.TAKEN_FROM_ARGUMENT1: "<B",
    pickletools.TAKEN_FROM_ARGUMENT4: "<i",
    pickletools.TAKEN_FROM_ARGUMENT4U: "<I",
    pickletools.TAKEN_FROM_ARGUMENT8U: "<Q",
}
_OPCODES = {info.code.encode("latin1"): info for info in pickletools.opcodes}
_LINES = {"GLOBAL": 2, "INST": 2}
_EXTENSIONS = ("EXT1", "EXT2", "EXT4")
_SETS = ("EMPTY_SET", "ADDITEMS", "FROZENSET")
_REMEDY = (
    "save it as .npz, or ask for such a file, and do not load this one with other tools if it is foreign"
)
_DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
    struct.error,
)


def load_arrays(path: str | Path) -> Any:
    """Read a pickle that holds only plain values and NumPy arrays.

    Parameters
    ----------
    path : str or Path
        A pickle of protocol 0 to 5, including those of Python 2 (text read as Latin-1).

    Returns
    -------
    object
        Dictionaries, lists, tuples, text, bytes, numbers, None, NumPy scalars and arrays. Arrays are
        read-only; arrays of objects hold such values.

    Raises
    ------
    DataError
        If the pickle names anything but NumPy's arrays, in which case nothing in it has run; if it is
        damaged or declares more than it holds; or if it does not fit into the free memory.
    """
    file = Path(path)
    check_exists(file)
    if file.is_dir():
        raise DataError(f"{file}: this is a folder, expected a pickle file; name the file in it.")
    size = file.stat().st_size
    check_memory(file, PICKLE_COPIES * size)
    try:
        with file.open("rb") as stream:
            _scan(stream, size)
            stream.seek(0)
            budget = Budget(size)
            return PlainValues(budget).plain(_ArrayUnpickler(file, stream, budget).load())
    except Refused as error:
        raise DataError(f"{file}: the pickle {error}; {_REMEDY}.") from None
    except _DAMAGE as error:
        reason = " ".join(str(error)[:MOST_LETTERS].split()).rstrip(".") or type(error).__name__
        raise DataError(f"{file}: not a readable pickle of arrays ({reason}); write it again.") from None


def _checking_keys(opcode: bytes, keys: slice) -> Callable[[Any], None]:
    """Return the unpickler's step for an opcode, after a check of the keys on its stack."""
    usual: Callable[[Any], None] = pickle._Unpickler.dispatch[opcode[0]]

    def run(unpickler: Any) -> None:
        check_hashed(unpickler.stack[keys])
        usual(unpickler)

    return run


class _ArrayUnpickler(pickle._Unpickler):
    """Unpickler that knows NumPy's names only, and takes only text and numbers as keys."""

    dispatch: ClassVar = {
        **pickle._Unpickler.dispatch,
        pickle.DICT[0]: _checking_keys(pickle.DICT, slice(0, None, 2)),
        pickle.SETITEM[0]: _checking_keys(pickle.SETITEM, slice(-2, -1)),
        pickle.SETITEMS[0]: _checking_keys(pickle.SETITEMS, slice(0, None, 2)),
    }

    def __init__(self, path: Path, stream: BinaryIO, budget: Budget) -> None:
        super().__init__(stream, encoding="latin1")
        self._path = path
        self._budget = budget

    def find_class(self, module: str, name: str) -> Builder:
        """Return the inert builder for one of NumPy's names."""
        build = BUILDS.get((module.replace("numpy._core.", "numpy.core."), name))
        if build is None:
            full_name = " ".join(f"{module}.{name}"[:MOST_LETTERS].split())
            raise DataError(
                f"{self._path}: the pickle names {full_name}, which is not allowed as it could run code, "
                f"expected only dictionaries, lists, text, numbers and NumPy arrays; {_REMEDY}."
            )
        return Builder(build, self._budget)

    def persistent_load(self, pid: Any) -> NoReturn:
        """Refuse references to objects outside the file."""
        raise Refused("refers to objects outside the file (a persistent id), expected none")


def _scan(stream: BinaryIO, size: int) -> None:
    """Read all opcodes, and refuse those that would reserve more memory than the file can fill.

    The unpickler reserves what an opcode declares before it looks whether the file holds it, and a list up to
    the largest number under which something is remembered.
    """
    opcodes = 0
    while True:
        code = stream.read(1)
        info = _OPCODES.get(code)
        if info is None:
            raise pickle.UnpicklingError("it ends early" if not code else f"unknown opcode {code!r}")
        opcodes += 1
        number = _skip_argument(stream, info, size - stream.tell())
        if info.name in _EXTENSIONS:
            raise Refused("uses the extension registry, which is not allowed as it could run code")
        if info.name in _SETS:
            raise Refused("holds a set, expected dictionaries, lists, text, numbers and NumPy arrays")
        if info.name in ("PUT", "BINPUT", "LONG_BINPUT") and number > opcodes:
            raise Refused(
                f"remembers a value as number {number} after {opcodes} steps, which would fill memory"
            )
        if info.name == "FRAME" and number > size - stream.tell():
            raise pickle.UnpicklingError("a frame is longer than the file")
        if info.name == "STOP":
            if stream.tell() < size:
                raise pickle.UnpicklingError(f"there are {size - stream.tell()} bytes behind its end")
            return


def _skip_argument(stream: BinaryIO, info: pickletools.OpcodeInfo, left: int) -> int:
    """Skip the argument of an opcode; return it where it is a whole number, else 0."""
    argument = info.arg
    if argument is None:
        return 0
    if argument.n in _COUNTED:
        form = _COUNTED[argument.n]
        width = struct.calcsize(form)
        (count,) = struct.unpack(form, stream.read(width))
        if not 0 <= count <= left - width:
            raise pickle.UnpicklingError(f"{info.name} declares {count} bytes, {left - width} are left")
        stream.seek(count, 1)
        return 0
    if argument.n == pickletools.UP_TO_NEWLINE:
        lines = [stream.readline() for _ in range(_LINES.get(info.name, 1))]
        return int(lines[0]) if info.name == "PUT" else 0
    content = stream.read(argument.n)
    return int.from_bytes(content, "little") if info.name != "BINFLOAT" else 0
