"""Pickles of arrays are read, and nothing in a pickle is ever run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from hypothesis.extra.numpy import arrays as numpy_arrays

from mmfusion.data.readers import load_arrays, unpickle
from mmfusion.errors import DataError

PROTOCOLS = range(6)
DTYPES = ["?", "i1", "<i4", ">i8", "u2", "f2", "<f4", ">f8", "S3", "<U4", ">U2"]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "data.pkl"
    path.write_bytes(content)
    return path


def error_of(folder: Path, content: bytes) -> str:
    path = write(folder, content)
    with pytest.raises(DataError) as caught:
        load_arrays(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_and_arrays_come_back(tmp_path: Path, protocol: int) -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2, 3))
    content = {
        "values": [1, -(2**70), 2.5, True, None, "text é", b"bytes\xff", ("a", ())],
        "arrays": [
            shared,
            shared,
            np.asfortranarray(shared),
            shared[:, ::2],
            np.array(3.5),
            np.zeros((0, 4)),
        ],
        "texts": np.array(["a", "bcd", "é"]),
        "bytes": np.array([b"a", b"bcd"]),
        "objects": np.array([["a", None], [b"b", 1.5]], dtype=object),
        "ragged": np.array([np.arange(2), np.arange(3), "x"], dtype=object),
        "scalars": [np.float32(1.5), np.int64(-3), np.bool_(True), np.str_("s")],
        np.int64(7): b"",
    }
    loaded = load_arrays(write(tmp_path, pickle.dumps(content, protocol=protocol)))
    assert loaded["values"] == content["values"]
    assert [type(value) for value in loaded["values"]] == [type(value) for value in content["values"]]
    for found, expected in zip(loaded["arrays"], content["arrays"], strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    assert loaded["arrays"][0] is loaded["arrays"][1]
    for key in ("texts", "bytes", "objects"):
        np.testing.assert_array_equal(loaded[key], content[key])
    assert loaded["ragged"][1].tolist() == [0, 1, 2]
    assert loaded["scalars"] == content["scalars"]
    assert [type(value) for value in loaded["scalars"]] == [type(value) for value in content["scalars"]]
    assert loaded[7] == b""


@given(
    st.sampled_from(DTYPES).flatmap(lambda dtype: numpy_arrays(dtype, array_shapes(min_dims=0, min_side=0))),
    st.sampled_from(PROTOCOLS),
    st.sampled_from("CF"),
)
def test_every_array_comes_back(
    tmp_path_factory: pytest.TempPathFactory, values: Any, protocol: int, order: Any
) -> None:
    content = pickle.dumps({"x": np.asarray(values, order=order)}, protocol=protocol)
    loaded = load_arrays(write(tmp_path_factory.mktemp("law"), content))["x"]
    assert loaded.dtype == values.dtype.newbyteorder("=")
    assert not loaded.flags.writeable
    np.testing.assert_array_equal(loaded, values)


def python2_pickle(protocol: int) -> bytes:
    """Write {'x': array([1., -2.]), 'ids': ['caf\\xe9']} as Python 2 with NumPy 1 wrote it."""
    raw = struct.pack("<2d", 1.0, -2.0)
    if protocol == 0:
        text = "".join(f"\\x{byte:02x}" for byte in raw)
        return (
            b"(dp1\nS'x'\np2\ncnumpy.core.multiarray\n_reconstruct\np3\n(cnumpy\nndarray\np4\n(I0\ntp5\nS'b'\np6\n"
            b"tp7\nRp8\n(I1\n(I2\ntp9\ncnumpy\ndtype\np10\n(S'f8'\np11\nI0\nI1\ntp12\nRp13\n(I3\nS'<'\np14\nNNNI-1\n"
            b"I-1\nI0\ntp15\nbI00\nS'"
            + text.encode()
            + b"'\np16\ntp17\nbsS'ids'\n(lp18\nS'caf\\xe9'\np19\nas."
        )
    return (
        b"\x80\x02}q\x01(U\x01xcnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87"
        b"Rq\x04(K\x01K\x02\x85cnumpy\ndtype\nq\x05U\x02f8K\x00K\x01\x87Rq\x06(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x10" + raw + b"tbU\x03ids]q\x07U\x04caf\xe9au."
    )


@pytest.mark.parametrize("protocol", [0, 2])
def test_python_2(tmp_path: Path, protocol: int) -> None:
    content = python2_pickle(protocol)
    trusted = pickle.loads(content, encoding="latin1")  # noqa: S301 (written above)
    loaded = load_arrays(write(tmp_path, content))
    np.testing.assert_array_equal(loaded["x"], [1.0, -2.0])
    np.testing.assert_array_equal(loaded["x"], trusted["x"])
    assert loaded["ids"] == trusted["ids"] == ["café"]


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.parts


def touch(path: Path) -> str:
    return f"open({str(path)!r}, 'w').close()"


def payloads(mark: Path) -> dict[str, Any]:
    """Objects whose pickles run code or write a file, by the name that must be refused."""
    reconstruct, args = np.arange(2.0).__reduce__()[:2]  # type: ignore[misc]  # typed as str | tuple
    hidden = np.empty(1, dtype=object)
    hidden[0] = Call(os.system, f"touch {mark}")
    return {
        f"{os.name}.system": Call(os.system, f"touch {mark}"),
        "builtins.eval": [1, {"deep": ({"x": Call(eval, touch(mark))},)}],
        "builtins.exec": Call(exec, touch(mark)),
        "builtins.getattr": Call(getattr, "x", "upper"),
        "subprocess.Popen": Call(subprocess.Popen, ["touch", str(mark)]),
        "numpy.load": Call(np.load, str(mark), None, True),
        "numpy.save": Call(np.save, str(mark), np.ones(2)),
        "numpy.fromfile": Call(np.fromfile, "/etc/hostname", "u1"),
        "numpy.memmap": Call(np.memmap, str(mark), "u1", "w+", 0, (9,)),
        f"{open.__module__}.open": Call(open, str(mark), "w"),
        "_io.FileIO": Call(io.FileIO, str(mark), "w"),
        "builtins.map": Call(list, Call(map, os.system, [f"touch {mark}"])),
        "collections.OrderedDict": OrderedDict(a=1),
        "inner of an array": hidden,
        "state of an array": Call(reconstruct, *args, state=(1, (1,), np.dtype("O"), False, [hidden[0]])),
    }


NAMES = {
    "inner of an array": f"{os.name}.system",
    "state of an array": f"{os.name}.system",
    "builtins.map": "builtins.list",
}


@pytest.mark.parametrize("name", list(payloads(Path("x"))))
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_run(tmp_path: Path, name: str, protocol: int) -> None:
    mark = tmp_path / "mark.npy"
    content = pickle.dumps(payloads(mark)[name], protocol=protocol)
    sentence = error_of(tmp_path, content)
    # Protocols below 3 write the names that Python 2 had for the modules.
    module, function = NAMES.get(name, name).rsplit(".", 1)
    assert f".{function}, which is not allowed as it could run code" in sentence
    assert f"names {module}" in sentence or protocol < 3
    assert not mark.exists()


def test_the_payloads_do_run_elsewhere(tmp_path: Path) -> None:
    for name in ("builtins.eval", f"{os.name}.system", "numpy.save", "numpy.memmap", "state of an array"):
        mark = tmp_path / f"{name.replace(' ', '-')}.npy"
        pickle.loads(pickle.dumps(payloads(mark)[name]))  # noqa: S301 (proves that the test can fail)
        assert mark.exists(), name


def by_hand(body: bytes, protocol: int = 2) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"cos\nsystem\n(S'x'\ntR", "names os.system"),
        (b"(S'x'\nios\nsystem\n", "names os.system"),
        (b"(cos\nsystem\nS'x'\no", "names os.system"),
        (b"\x8c\x02os\x8c\x06system\x93", "names os.system"),
        (b"\x8c\x05numpy\x8c\x0endarray.tofile\x93", "names numpy.ndarray.tofile"),
        (
            b"\x8c\x15numpy.core.multiarray\x8c\x18_reconstruct.__globals__\x93",
            "names numpy.core.multiarray._reconstruct.__globals__",
        ),
        (b"cnumpy.core.multiarray\nfromfile\n", "names numpy.core.multiarray.fromfile"),
        (b"cnumpy._core.multiarray\nfrombuffer\n", "names numpy._core.multiarray.frombuffer"),
        (b"cmmfusion.data.readers.unpickle\npickle\n", "names mmfusion.data.readers.unpickle.pickle"),
        (b"ccopyreg\n_reconstructor\n", "names copyreg._reconstructor"),
        (b"Pname\n", "a persistent id"),
        (b"\x8c\x04nameQ", "a persistent id"),
        (b"\x82\x01", "extension registry"),
        (b"cnumpy\nndarray\n(I5\ntR", "makes an array without values"),
        (b"cnumpy\nndarray\n)\x81", "not a readable pickle"),
        (b"cnumpy\ndtype\n}S'x'\nI1\nsb", "changes a function"),
        (b"cnumpy\ndtype\nN}S'_build'\nI1\ns\x86b", "changes a function"),
        (b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR", "encodes text"),
        (b"cbuiltins\nbytes\n(I999999999999\ntR", "makes bytes of other values"),
        (b"cnumpy\ndtype\n", "holds a Builder"),
        (b"cnumpy\ndtype\n(S'f8'\ntR", "holds a TypeNote"),
        (b"cnumpy.core.multiarray\n_reconstruct\n)R", "an array without values"),
        (b"\x8f", "holds a set"),
    ],
)
def test_tricks_by_hand(tmp_path: Path, body: bytes, sentence: str) -> None:
    assert sentence in error_of(tmp_path, by_hand(body, 4))


def array_pickle(shape: Any = (2,), code: Any = "f8", raw: Any = b"\0" * 16, fields: Any = None) -> bytes:
    """Pickle an array with the parts given, whether they fit or not."""

    def call(function: Any, *arguments: Any, state: Any) -> Call:
        return Call(function, *arguments, state=state)

    dtype = call(np.dtype, "f8", False, True, state=(3, "<", None, fields, fields, -1, -1, 0))
    dtype.parts = (np.dtype, (code, False, True), dtype.parts[2])  # type: ignore[misc]
    reconstruct = np.arange(2.0).__reduce__()[0]
    return pickle.dumps(
        call(reconstruct, np.ndarray, (0,), b"b", state=(1, shape, dtype, False, raw)), protocol=4
    )


def test_the_array_by_hand_is_read(tmp_path: Path) -> None:
    np.testing.assert_array_equal(load_arrays(write(tmp_path, array_pickle())), [0.0, 0.0])


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"shape": (10**15,)}, "whose shape does not fit its values"),
        ({"shape": (-2,)}, "whose shape is not a tuple of whole numbers"),
        ({"shape": [2]}, "whose shape is not a tuple of whole numbers"),
        ({"shape": (1,) * 40}, "whose shape is not a tuple of whole numbers"),
        ({"code": "S0", "shape": (10**15,), "raw": b""}, "whose shape does not fit its values"),
        ({"code": "O", "shape": (10**15,), "raw": []}, "of objects whose shape does not fit its values"),
        ({"code": "O"}, "of objects whose shape does not fit its values"),
        ({"code": "V8"}, "has an array of type 'V8'"),
        ({"code": "f8,O"}, "has an array of type 'f8,O'"),
        ({"code": "M8[ns]"}, "has an array of type 'M8[ns]'"),
        ({"code": [("a", "O")]}, "has an array of type a list"),
        ({"code": "f" * 999}, "has an array of type 'ffffffff"),
        ({"shape": (1 << 70, 0)}, "whose shape is not a tuple of whole numbers"),
        ({"fields": ("a",)}, "has an array of type 'f8'"),
        ({"raw": None}, "whose shape does not fit its values"),
    ],
)
def test_arrays_that_contradict_themselves(tmp_path: Path, parts: dict[str, Any], sentence: str) -> None:
    assert sentence in error_of(tmp_path, array_pickle(**parts))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"Nr\xff\xff\xff\xff", "remembers a value as number 4294967295"),
        (b"Np99999999\n", "remembers a value as number 99999999"),
        (b"\x8e" + (1 << 40).to_bytes(8, "little") + b"x", "declares 1099511627776 bytes"),
        (b"\x96" + (1 << 40).to_bytes(8, "little") + b"x", "declares 1099511627776 bytes"),
        (b"B\xff\xff\xff\x7fx", "declares 2147483647 bytes"),
        (b"T\xff\xff\xff\xffx", "declares -1 bytes"),
        (b"\x95" + (1 << 40).to_bytes(8, "little") + b"N", "a frame is longer than the file"),
        (b"\x8c\x01x" + b"2\x86" * 200, "deeper than 64 levels"),
        (b"]q\x01h\x01a", "in themselves"),
    ],
)
def test_little_files_fill_no_memory(tmp_path: Path, body: bytes, sentence: str) -> None:
    tracemalloc.start()
    try:
        assert sentence in error_of(tmp_path, by_hand(body, 4))
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()


def test_bytes_that_are_used_many_times_are_counted(tmp_path: Path) -> None:
    text = b"X" + struct.pack("<I", 1000) + b"a" * 1000 + b"q\x00"
    calls = b"c_codecs\nencode\nq\x010X\x06\x00\x00\x00latin1q\x020" + b"h\x01h\x00h\x02\x86R0" * 50
    assert "larger than the file" in error_of(tmp_path, by_hand(text + b"0" + calls + b"N", 3))


def test_an_empty_file(tmp_path: Path) -> None:
    assert "the file is empty" in error_of(tmp_path, b"")


def test_keys_of_half_a_character(tmp_path: Path) -> None:
    assert "holds half a character" in error_of(tmp_path, pickle.dumps({"\ud800": 1}))


@pytest.mark.parametrize(
    "content",
    [b"noise", b"\x80\x04", pickle.dumps([1] * 50)[:-9], b"\x80\x09N.", pickle.dumps(1) + pickle.dumps(2)],
)
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    assert "not a readable pickle of arrays (" in error_of(tmp_path, content)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        load_arrays(tmp_path / "gone.pkl")
    with pytest.raises(DataError, match="this is a folder"):
        load_arrays(tmp_path)


@given(st.binary(max_size=60), st.sampled_from(["0", "2", "plain"]))
def test_noise_is_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, start: str
) -> None:
    head = {"0": python2_pickle(0)[:200], "2": python2_pickle(2)[:90], "plain": b"\x80\x04"}[start]
    path = write(tmp_path_factory.mktemp("noise"), head + noise)
    try:
        load_arrays(path)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 (noise may be a pickle)


def test_the_scan_sees_the_end_where_the_unpickler_does(tmp_path: Path) -> None:
    for protocol in PROTOCOLS:
        content = pickle.dumps({"x": np.arange(300.0), "y": ["a"] * 300, "z": 2**80}, protocol=protocol)
        stream = io.BytesIO(content)
        unpickle._scan(stream, len(content))
        assert stream.tell() == len(content)


# Little files that would keep a computer busy, or crash it


def doubled(levels: int, tuples: bool = True) -> bytes:
    """Build a value that holds another one twice, which holds another one twice, and so on."""
    if tuples:
        return b"\x8c\x01x" + b"2\x86" * levels
    steps = (b"0]h" + bytes([level]) + b"ah" + bytes([level]) + b"a\x94" for level in range(levels))
    return b"K\x01\x94" + b"".join(steps)


DTYPE_OF = b"cnumpy\ndtype\n%s\x85R\x940cnumpy.core.multiarray\nscalar\n%s\x00S'x'\n\x86R"
BIG = 2**61 - 1
SLOW = {
    "deep lists": (b"]" * 100_000 + b"a" * 99_999, "deeper than 64 levels"),
    "deep tuples": (b"N" + b"\x85" * 100_000, "deeper than 64 levels"),
    "deep dictionaries": (b"}" + b"K\x01}" * 100_000 + b"s" * 100_000, "deeper than 64 levels"),
    "deep key": (b"}N" + b"\x85" * 1_000_000 + b"K\x01s", "with a tuple as key"),
    "deep key of several": (b"}(N" + b"\x85" * 1_000_000 + b"K\x01u", "with a tuple as key"),
    "deep key at once": (b"(N" + b"\x85" * 1_000_000 + b"K\x01d", "with a tuple as key"),
    "doubled tuples": (doubled(60), "again and again"),
    "doubled lists": (doubled(60, tuples=False), "again and again"),
    "doubled key": (b"}" + doubled(60) + b"K\x01s", "with a tuple as key"),
    "doubled in a set": (b"\x8f(" + doubled(60) + b"\x90", "holds a set"),
    "doubled in a frozen set": (b"(" + doubled(60) + b"\x91", "holds a set"),
    "doubled type": (DTYPE_OF % (doubled(60), b"h"), "has an array of type a tuple"),
    "deep type": (DTYPE_OF % (b"N" + b"\x85" * 100_000, b"h"), "has an array of type a tuple"),
    "keys with one hash": (
        b"}(" + b"".join(b"\x8a\x0c" + (k * BIG).to_bytes(12, "little") + b"N" for k in range(40_000)) + b"u",
        "number of 65 bits as key",
    ),
    "long key": (
        b"\x8b" + struct.pack("<i", 10**6) + b"\x7f" * 10**6 + b"\x940}(" + b"h\x00N" * 10**5 + b"u",
        "as key",
    ),
    "long number": (b"\x8b" + struct.pack("<i", 10**4) + b"\x7f" * 10**4, "holds a number of 79999 bits"),
}
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from mmfusion.data.readers import load_arrays
from mmfusion.errors import DataError
for path in sys.argv[1:]:
    try:
        load_arrays(path)
    except DataError as error:
        print(error)
"""


def test_little_files_neither_crash_nor_keep_busy(tmp_path: Path) -> None:
    paths = []
    for name, (body, _) in SLOW.items():
        paths.append(tmp_path / f"{name.replace(' ', '-')}.pkl")
        paths[-1].write_bytes(by_hand(body, 4))
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, paths)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr  # -11 is a crash, -9 or -24 too much time
    lines = run.stdout.splitlines()
    assert len(lines) == len(SLOW)
    for path, line, (_, sentence) in zip(paths, lines, SLOW.values(), strict=True):
        assert line.startswith(f"{path}: the pickle ")
        assert sentence in line


def test_values_that_are_nested_deep_by_sharing_are_refused(tmp_path: Path) -> None:
    first = b"]\x94" + b"]" * 40 + b"a" * 40  # number 0, and 40 lists in it
    again = b"]" * 40 + b"h\x00" + b"a" * 40
    assert "deeper than 64 levels" in error_of(tmp_path, by_hand(b"](" + first + again + b"e", 4))


def test_rows_that_occur_often_are_read(tmp_path: Path) -> None:
    content = {"labels": [[0] * 20] * 5000, "names": [("a", "b")] * 5000, 2**63 - 1: 2**4000}
    assert load_arrays(write(tmp_path, pickle.dumps(content))) == content


def test_other_keys_than_text_and_numbers_are_refused(tmp_path: Path) -> None:
    assert "with a tuple as key" in error_of(tmp_path, pickle.dumps({("a", 1): 2}))
    allowed = {"a": 0, b"b": 1, 2: 2, 2.5: 3, None: 4, True: 5, np.str_("c"): 6}
    assert load_arrays(write(tmp_path, pickle.dumps(allowed))) == allowed
