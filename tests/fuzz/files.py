"""Valid files of every kind that zbudlab reads, and mutations of them by number.

`sample(kind)` and `mutated(kind, number)` return the path of a file or folder in the current
folder. Most mutations change bytes; those of logs also change single arrays and the sections of
keyframes, and pack them again, so that no checksum is in the way.
"""

import contextlib
import gzip
import io
import json
import shutil
import zipfile
from functools import cache
from pathlib import Path

import numpy as np

from tests.history.machines import worked
from tests.traces.samples import DATA
from zbudlab.host import RECORDING
from zbudlab.machine import keyframes
from zbudlab.sweep import sweep

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "data" / "golden"
WORKLOAD = b"""name = "small"
[machine]
frames = 1024
[processes.shell]
grow = "10 %"
[[processes.shell.regions]]
pages = 60
content = "text"
[processes.job]
life = 4
at_once = 2
[[processes.job.regions]]
pages = "5 %"
access = "sequential"
[[phases]]
name = "start"
steps = 6
start = {shell = 1, job = 2}
allocate = [{order = 2, every = 2}]
"""
SWEEP = b"""experiment = "tests.fuzz.files:tiny"
seeds = 2
out = "tiny.parquet"
[grid]
a = [1, 2]
"""
ANY = np.array([0, 1, -1, 2, 63, 64, 255, 4096, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, -(1 << 63)])
#: Values that JSON can have and that are rarely right.
ODD = (None, -1, 0, 3, 1 << 70, "x", [], {}, True, 0.5, "\ud800", [["x"]])


def tiny(a, seed):
    """An experiment that takes no time."""
    return {"r": a + seed}


def _log(**settings):
    machine = worked(**settings)
    machine.save_log("made.npz")
    return Path("made.npz").read_bytes()


def _golden(kind):
    trace = sorted((GOLDEN / kind).glob("*.trace.gz"))[0]
    return b"\n".join(gzip.decompress(trace.read_bytes()).split(b"\n")[:200]) + b"\n"


def _table():
    sweep(tiny, {"a": [1, 2]}, seeds=2, out="made.parquet")
    return Path("made.parquet").read_bytes()


def _part():
    """The part file of an interrupted sweep, and what else is in its folder."""

    def stop(a, seed):
        if a == 2:
            raise KeyboardInterrupt
        return tiny(a, seed)

    stop.__module__, stop.__qualname__ = tiny.__module__, tiny.__qualname__
    with contextlib.suppress(KeyboardInterrupt):
        sweep(stop, {"a": [1, 2]}, seeds=2, out="cut.parquet")
    folder = Path("cut.parquet.parts")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _export():
    """A zip as learning platforms export it, with a folder for each student."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("J\u00fcrgen_1_assignsubmission_file_", "doejane_4711_98765_e01"):
            archive.writestr(f"{name}/e01_pages.ipynb", content("notebook"))
    return file.getvalue()


def _tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _report():
    reports = json.loads((ROOT / "tests" / "data" / "reports" / "reports.json").read_text())
    return "\n".join(reports[0]["text"]).encode()


MAKERS = {
    "log": lambda: _log(),
    "log_keyframes": lambda: _log(keyframes=True, keyframe_seconds=0.002),
    "log_61": lambda: _log(keyframes=True, keyframe_seconds=0, profile="6.1", zbud="plain"),
    "host": lambda: _tree(Path(RECORDING)),
    "report": _report,
    "kmem": lambda: gzip.decompress((DATA / "kmem.perf.txt.gz").read_bytes())[:20000],
    "lackey": lambda: gzip.decompress((DATA / "lackey.txt.gz").read_bytes())[:20000],
    "addresses": lambda: b"0041f7a0 R\n13f5e2c0 W\n" * 200,
    "blocks": lambda: (DATA / "blocks.parquet").read_bytes(),
    "pages": lambda: (DATA / "pages.csv").read_bytes()[:20000],
    **{
        name: (lambda name=name: _golden(name)) for name in sorted(p.name for p in GOLDEN.iterdir())
    },
    "table": _table,
    "parts": _part,
    "sweepfile": lambda: SWEEP,
    "workload": lambda: WORKLOAD,
    "notebook": lambda: (ROOT / "solutions" / "e01_pages" / "e01_pages.ipynb").read_bytes(),
    "roster": lambda: b"number;student\n12345;Ada\n23456;Bob\n",
    "handed_in": _export,
    "lengths": lambda: b"100\n2000\n4096\n" * 9,
}
SUFFIXES = {"sweepfile": ".toml", "workload": ".toml", "notebook": ".ipynb", "blocks": ".parquet"}
SUFFIXES |= {"parts": ".parquet.parts", "handed_in": ".zip"}
SUFFIXES |= {"table": ".parquet", "pages": ".csv", "roster": ".csv", "lengths": ".txt"}


@cache
def content(kind):
    """Return the bytes of a valid sample; of a folder, bytes by name."""
    return MAKERS[kind]()


def _written(path, found):
    """Write a file, or a folder of files, and return its path."""
    if isinstance(found, bytes):
        path.write_bytes(found)
        return path
    shutil.rmtree(path, ignore_errors=True)
    for name, data in found.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def sample(kind):
    """Return the path of a valid sample."""
    return _written(Path(f"{kind}{SUFFIXES.get(kind, '')}"), content(kind))


def mutated(kind, number):
    """Return the path of a mutated sample."""
    rng = np.random.default_rng([number, *kind.encode()])
    found = content(kind)
    if isinstance(found, dict):
        name = sorted(found)[int(rng.integers(len(found)))]
        found = found | {name: _of_json(found[name], rng) or changed(found[name], rng)}
    elif kind == "notebook":
        found = _of_json(found, rng) or changed(found, rng)
    elif kind.startswith("log") and rng.random() < 0.9:
        found = _forged(found, rng)
    else:
        found = changed(found, rng)
    return _written(Path(f"{kind}-{number}{SUFFIXES.get(kind, '')}"), found)


# --- bytes -------------------------------------------------------------------------------------


def changed(found, rng):
    """Return bytes with some changed, cut out, repeated, or replaced by odd numbers and words."""
    if not found:
        return rng.bytes(20)
    how = int(rng.integers(6))
    data = bytearray(found)
    place = int(rng.integers(len(data)))
    if how == 0:
        for _ in range(int(rng.integers(1, 20))):
            data[int(rng.integers(len(data)))] = int(
                rng.choice([*b'\n\r",:=-@ 09{}[', *rng.bytes(3)])
            )
    elif how == 1:
        del data[place : place + int(rng.integers(1, 2000))]
    elif how == 2:
        data[place:place] = data[place // 2 : place // 2 + 3000]
    elif how == 3:
        return _number_changed(found, rng)
    elif how == 4:
        del data[place:]
    else:
        data[place:place] = rng.choice([b"\0", b"\xff\xfe", b"nan", b"-", b"\n\n", b"9" * 5000])
    return bytes(data)


def _number_changed(found, rng):
    """Return text with one of its numbers replaced."""
    import re

    places = list(re.finditer(rb"\d+(\.\d+)?", found[:200_000]))
    if not places:
        return found[::-1]
    place = places[int(rng.integers(len(places)))]
    odd = (
        b"-1",
        b"0",
        b"1e400",
        b"nan",
        b"9223372036854775808",
        b"99999999999999999999",
        b"",
        b"x",
    )
    other = odd[int(rng.integers(len(odd)))]
    return found[: place.start()] + other + found[place.end() :]


def _of_json(found, rng):
    """Return JSON in which one value is odd or missing, half of the time; else None."""
    if rng.random() < 0.5:
        return None
    try:
        document = json.loads(found)
    except ValueError:
        return None
    places = list(_places(document))
    if not places:
        return None
    holder, key = places[int(rng.integers(len(places)))]
    if rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = ODD[int(rng.integers(len(ODD)))]
    return json.dumps(document).encode()


def _places(document):
    """Yield (holder, key) of every value in JSON."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(inner):
        yield document, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


# --- logs --------------------------------------------------------------------------------------


def _arrays(found):
    with np.load(io.BytesIO(found)) as file:
        return dict(file)


def _forged(found, rng):
    """Return a log in which one array is different."""
    arrays = _arrays(found)
    names = sorted(arrays)
    frames = [name for name in names if name.startswith("keyframes/")]
    if frames and rng.random() < 0.6:
        _forge_keyframe(arrays, rng)
    else:
        name = names[int(rng.integers(len(names)))]
        arrays[name] = _odd_header(arrays, rng) if name == "header" else _odd(arrays[name], rng)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, np.asarray(array))
            archive.writestr(f"{name}.npy", data.getvalue())
    return file.getvalue()


def _odd_header(arrays, rng):
    header = json.loads(arrays["header"].tobytes())
    inner = header if rng.random() < 0.4 else header["config"]
    name = sorted(inner)[int(rng.integers(len(inner)))]
    inner[name] = ODD[int(rng.integers(len(ODD)))]
    return np.frombuffer(json.dumps(header).encode(), np.uint8)


def _odd(array, rng):
    """Return an array with other values, another length, type or shape."""
    how = int(rng.integers(7))
    if how < 4 and array.size:
        array = array.copy()
        flat = array.reshape(-1)
        for _ in range(int(rng.choice([1, 1, 3, 50]))):
            flat[int(rng.integers(len(flat)))] = _any(array.dtype, rng)
        return array
    other = {4: array[: len(array) // 2], 5: np.concatenate([array, array[:3]])}
    return other.get(how, array.astype(rng.choice([np.float64, np.int16, np.uint64])))


def _any(dtype, rng):
    """Return any number that fits a dtype; bounds and small numbers often."""
    if dtype.kind not in "iub":
        return 0
    with np.errstate(all="ignore"):
        number = ANY[int(rng.integers(len(ANY)))] if rng.random() < 0.6 else rng.integers(1 << 62)
        return np.int64(number).astype(dtype)


def _forge_keyframe(arrays, rng):
    """Change a section, a length or a value of one packed keyframe, and pack it again."""
    ends = arrays["keyframes/ends"].tolist()
    data = arrays["keyframes/packed"].tobytes()
    packed = [data[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    which = int(rng.integers(len(packed)))
    sections, lengths, values = keyframes._unpack(packed[which])
    how = int(rng.integers(8))
    if how == 0:
        name = sorted(lengths)[int(rng.integers(len(lengths)))]
        lengths[name] = int(rng.choice([0, 1, -1, lengths[name] + 1, 1 << 20, 1 << 62]))
    elif how == 1:
        values = _odd_values(values, rng)
    else:
        names = [name for name in sorted(sections) if len(sections[name])]
        name = names[int(rng.integers(len(names)))]
        array = sections[name].copy()
        flat = _words(array, rng)
        for _ in range(int(rng.choice([1, 1, 2, 20]))):
            flat[int(rng.integers(len(flat)))] = _any(flat.dtype, rng)
        sections[name] = array
    packed[which] = keyframes._pack(sections, lengths, values)
    arrays["keyframes/packed"] = np.frombuffer(b"".join(packed), np.uint8)
    arrays["keyframes/ends"] = np.cumsum([len(each) for each in packed])


def _words(array, rng):
    """Return a view of rows as words of a random size, which hit one field or more."""
    if array.dtype != np.uint8:
        return array
    return array.view(rng.choice([np.uint8, np.uint16, np.uint32, np.int64]))


def _odd_values(values, rng):
    """Return the text of the values of a keyframe with one of its numbers, or itself, replaced."""
    if rng.random() < 0.2:
        return str(rng.choice(["", "None", "{}", "[" * 5000, "{'state': 1}", "1 +", "__import__"]))
    odd = _number_changed(values.encode(), rng)
    return odd.decode("utf-8", "replace")
