"""Files that are no honest notebooks, and notebooks that are odd and right."""

import io
import json
import stat
import zipfile

#: A text for the pages that show a submission: links that run scripts, pictures from elsewhere.
FORMGRADER_JS_LINK = """
<script>document.title="PWNED"</script> [x](javascript:alert(1)) [y](java&#115;cript:alert(1))
[z](java\tscript:alert(2)) ![i](x"onerror=alert`1`)
$$\\href{javascript:document.title="PWNED"}{click}$$

```mermaid
graph TD
A-->B
click A call alert()
```

````
<iframe srcdoc="<script>parent.document.title=1</script>">
````

<iframe srcdoc="<script>parent.document.title=1</script>">

[ref]: javascript:alert(3)
[ref][ref] ![t](http://127.0.0.1:9/track.png)
"""


def _zip(*members, compression=zipfile.ZIP_DEFLATED):
    """A zip's bytes. members: (name or ZipInfo, bytes)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def _link(name):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _nested_zips(data, depth):
    for level in range(depth):
        data = _zip((f"e04_zbud_{level}.zip" if level else "e04_zbud.ipynb", data))
    return data


def _with_cells(notebook, cells):
    return json.dumps(notebook | {"cells": cells}).encode()


def files(untouched, solution):
    """Files by name: their bytes and what the report says. Given: notebooks as JSON has them."""
    solved = json.dumps(solution).encode()
    return _notebooks(untouched, solved) | _archives(solved)


def _notebooks(untouched, solved):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "1", "id": "x"}
    kernel = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}
    return {
        "f_not_utf8_e04_zbud.ipynb": (b'{"cells": ["\xff\xfe"]}', "UTF-8"),
        "f_utf16_e04_zbud.ipynb": (solved.decode().encode("utf-16"), "UTF-8"),
        "f_not_json_e04_zbud.ipynb": (b"%PDF-1.4 my homework", "not JSON"),
        "f_empty_e04_zbud.ipynb": (b"", "not JSON"),
        "f_no_cells_e04_zbud.ipynb": (b'{"cells": 7}', "not a notebook"),
        "f_deep_json_e04_zbud.ipynb": (b"[" * 200_000, "not JSON"),
        "f_odd_cells_e04_zbud.ipynb": (b'{"cells": [1, 2]}', "cell"),
        "f_odd_source_e04_zbud.ipynb": (b'{"cells": [{"source": {"a": 1}}]}', "not text"),
        "f_other_kernel_e04_zbud.ipynb": (
            json.dumps(untouched | {"metadata": kernel}).encode(),
            "not for Python",
        ),
        "f_many_cells_e04_zbud.ipynb": (
            _with_cells(untouched, [cell] * 100_000),
            "MB|100000 cells",
        ),
        "f_large_e04_zbud.ipynb": (b" " * (20 << 20), "MB"),
    }


def _archives(solved):
    return {
        "z_dots_e04_zbud.zip": (_zip(("../../../e04_zbud.ipynb", solved)), "leads out"),
        "z_root_e04_zbud.zip": (_zip(("/tmp/e04_zbud.ipynb", solved)), "leads out"),
        "z_link_e04_zbud.zip": (_zip((_link("e04_zbud.ipynb"), b"/etc/passwd")), "a link"),
        "z_bomb_e04_zbud.zip": (_zip(("e04_zbud.ipynb", bytes(1 << 28))), "MB"),
        "z_many_bombs_e04_zbud.zip": (
            _zip(("a.zip", _zip(*((f"{number}.zip", bytes(60 << 20)) for number in range(5))))),
            "more than 256 MB",
        ),
        "z_deep_e04_zbud.zip": (_nested_zips(solved, 6), "deep"),
        "z_damaged_e04_zbud.zip": (_zip(("e04_zbud.ipynb", solved))[:-40], "damaged"),
        "z_not_a_zip_e04_zbud.zip": (b"PK\x03\x04 no", "damaged"),
    }


def duplicated(solution):
    """A right notebook in which every cell stands twice."""
    return solution | {"cells": [cell for cell in solution["cells"] for _ in range(2)]}


def renamed(solution):
    """A right notebook whose cells all have other names, and no metadata but one tag."""
    cells = [
        {**cell, "metadata": {"nbgrader": {"grade_id": f"e04_zbud-mine{place}"}}, "id": f"m{place}"}
        for place, cell in enumerate(solution["cells"])
    ]
    return solution | {"cells": cells}


def copied_checks(untouched):
    """An untouched notebook whose every check cell appears again as one to write into."""
    extra = []
    for cell in untouched["cells"]:
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade"):
            own = dict(cell["metadata"]["nbgrader"], grade=False, solution=True, locked=False)
            extra.append({**cell, "metadata": {"nbgrader": own}, "id": f"again{len(extra)}"})
    return untouched | {"cells": [*untouched["cells"], *extra]}
