"""Entries that can't be compiled: a list is no parameter of the type that this one asks for."""

from zbudlab import layout
from zbudlab.mm import list_head
from zbudlab.wasm.entries import Rows, entry_of


def entries():
    return [entry_of(list_head.list_entries, records=Rows(layout.zone))]
