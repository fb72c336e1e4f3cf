"""Styles of right answers: cells at the end of a solution, which keep all its points.

Each is what a student may write in Jupyter. `REFUSED` use what is not available where marks are
given: they lose the ability named, with the same sentence in `check` and in grading.
"""

from zbudlab.course.probes.imports import refusal

#: By name: a cell at the end of the solution of e01_pages.
STYLES = {
    "recursion": "def address_pfn(a):\n    return 0 if a < 4096 else 1 + address_pfn(a - 4096)\n"
    "old = address_pfn\ndef address_pfn(a):\n    return old(a) if a < 40960 else a // 4096",
    "lambda": "address_pfn = lambda address: address >> 12",
    "partial": "import functools, operator\n"
    "def shifted(by, address):\n    return address >> by\n"
    "address_pfn = functools.partial(shifted, 12)",
    "cached": "import functools\n@functools.lru_cache\ndef address_pfn(a):\n    return a >> 12",
    "callable_object": "class Shift:\n    def __call__(self, a):\n        return a >> 12\n"
    "address_pfn = Shift()",
    "closure": "def shift(by):\n    def inner(a):\n        return a >> by\n    return inner\n"
    "address_pfn = shift(12)",
    "generator": "def halves(a):\n    for _ in range(12):\n        a //= 2\n        yield a\n"
    "def address_pfn(a):\n    *_, last = halves(a)\n    return last",
    "numpy_number": "import numpy as np\ndef address_pfn(a):\n    return np.int64(a) >> 12",
    "numpy_truth": "import numpy as np\ndef put_page_testzero(page):\n"
    "    page.refcount -= 1\n    return np.bool_(page.refcount == 0)",
    "type_hints": "from __future__ import annotations\nfrom collections.abc import Iterable\n"
    "def address_pfn(address: int) -> int:\n    found: int = address >> 12\n    return found",
    "walrus": "def address_pfn(a):\n    if (found := a >> 12) >= 0:\n        return found",
    "match": "def trylock_page(page):\n    match page.page_flags & PG_LOCKED:\n"
    "        case 0:\n            set_flag(page, PG_LOCKED)\n            return True\n"
    "        case _:\n            return False",
    "constants": "SHIFT, SIZE = 12, 1 << 12\ndef address_pfn(a):\n    return a // SIZE\n"
    "def page_address(pfn):\n    return pfn << SHIFT",
    "helpers": "def _by_size(a):\n    return divmod(a, 4096)\n"
    "def address_pfn(a):\n    return _by_size(a)[0]",
    "star_import": "from math import *\ndef address_pfn(a):\n    return a // int(pow(2, 12))",
    "import_inside": "def address_pfn(a):\n    import operator\n    return operator.rshift(a, 12)",
    "r19_top_await": "import asyncio\nawait asyncio.sleep(0)\n"
    "def get_page(page):\n    page.refcount += 1",
    "cell_magic": "%%time\ndef address_pfn(a):\n    return a >> 12",
    "line_magics": "%matplotlib inline\n%time def_of = 12\n%load_ext autoreload\n"
    "def address_pfn(a):\n    return a >> def_of",
    "get_ipython": "get_ipython().run_line_magic('autoreload', '2')\n"
    "if get_ipython() is not None:\n    def address_pfn(a):\n        return a >> 12",
    "commands": "files = !ls\n!pip install numpy\naddress_pfn?\n"
    "def address_pfn(a):\n    return a >> 12",
    "figures": "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(2)\nax[0].plot([1, 2])\n"
    "ax[0].set_title(f'{len([1]):d}')\nplt.show()\ndef address_pfn(a):\n    return a >> 12",
    "tables": "import pandas as pd\ntable = pd.DataFrame({'a': [1]})\n"
    "display(table[table.a == 1].groupby('a').mean())\ndef address_pfn(a):\n    return a >> 12",
    "tried_out": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)\n"
    "assert address_pfn(4096) == 1",
    "other_letters": "größe = 4096\ndef address_pfn(адрес):\n    return адрес // größe",
    "keywords": "def address_pfn(address, *, size=4096):\n    return address // size",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Place:\n    address: int\n"
    "    @property\n    def pfn(self):\n        return self.address >> 12\n"
    "def address_pfn(a):\n    return Place(a).pfn",
    "prints": "import logging\ndef address_pfn(a):\n    print('asked', a)\n"
    "    logging.warning('asked')\n    return a >> 12",
    "bytes_and_slices": "def copy_page(new, old):\n    for line in range(64):\n"
    "        place = slice(64 * line, 64 * (line + 1))\n        new[place] = bytes(old[place])",
}

#: By name: the exercise, a cell at the end of its solution, the ability lost, the sentence.
REFUSED = {
    "r01_numba": (
        "e03_radix",
        "def height_for(key):\n    raise NotImplementedError\nfrom numba import njit\n@njit\n"
        "def _h(key):\n    n = 0\n    while key > 0:\n        key = key >> 6\n        n += 1\n"
        "    return n\ndef height_for(key):\n    return int(_h(int(key)))",
        "height",
        refusal("numba"),
    ),
    "r03_pandas_pairs": (
        "e08_experiment",
        "import pandas as pd\ndef differences(rows, parameter, low, high, result):\n"
        "    df = pd.DataFrame(rows)\n    df = df[df[result].notna()]\n"
        "    a = df[df[parameter] == low].set_index('seed')[result]\n"
        "    b = df[df[parameter] == high].set_index('seed')[result]\n"
        "    return [float(x) for x in (b - a).dropna().sort_index()]",
        "pairs",
        refusal("pandas"),
    ),
    "r04_scipy_boot": (
        "e08_experiment",
        "from scipy.stats import bootstrap\ndef interval(values, seed):\n"
        "    r = bootstrap((np.asarray(values, float),), np.mean, n_resamples=9999,\n"
        "                  method='percentile', random_state=seed)\n"
        "    return float(r.confidence_interval.low), float(r.confidence_interval.high)",
        "interval",
        refusal("scipy"),
    ),
}
