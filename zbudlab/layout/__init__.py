"""All sizes, flags and record types: what a machine's memory looks like.

Each dtype is a C struct, aligned, one field per line with its meaning. Where Linux has pointers
there are numbers: page frame numbers, row numbers, entry numbers; 0 or a list head marks the end.
No field has the name of an attribute of NumPy's records, so that `record.field` means the same
compiled and uncompiled.
"""

from zbudlab.layout.cgroups import *
from zbudlab.layout.driver import *
from zbudlab.layout.errors import *
from zbudlab.layout.memory import *
from zbudlab.layout.pools import *
from zbudlab.layout.races import *
from zbudlab.layout.traces import *
from zbudlab.layout.z3fold import *
from zbudlab.layout.zsmalloc import *
