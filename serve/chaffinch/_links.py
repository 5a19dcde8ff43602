"""What the links of an HTML page's blocks say of where they lead."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chaffinch.blocks import Document

Ints: TypeAlias = NDArray[np.int64]

# What is flagged of each block, in this order.
LINK_FLAGS: Final = ("absolute", "external", "blank")
EXTERNAL: Final = LINK_FLAGS.index("external")
BLANK: Final = LINK_FLAGS.index("blank")
# Hosts that are remembered: the links of a page lead to few.
_REMEMBERED: Final = 1 << 10
# A bit for each flag, and one that says it is a link.
_ABSOLUTE, _EXTERNAL, _BLANK, _IS_LINK = (1 << place for place in range(4))

# What an address begins with where it names a host.
_SITE = re.compile(r"\s*(?:https?:)?//[^/?#\\\s]*", re.IGNORECASE)


class Within(NamedTuple):
    """Which inline elements stand around the text of which blocks, pair by pair, block after block."""

    blocks: Ints
    inline: Ints


def read_within(document: Document) -> Within:
    """List the inline elements of every block of a page."""
    blocks = document.blocks
    sizes = [len(block.inline) for block in blocks]
    inline = np.fromiter(chain.from_iterable([block.inline for block in blocks]), dtype=np.int64)
    return Within(np.repeat(np.arange(len(blocks)), sizes), inline)


def link_counts(document: Document, within: Within) -> Ints:
    """Count every block's links: those flagged, in the order of `LINK_FLAGS`, then all; (blocks, flags + 1).

    Flagged are links that name a host, one of another site, a new window: adverts mostly lead away. Which
    site the page is of, its own address tells; a host is of another site where neither lies below the other.
    """
    flags = _flags(document)
    running = np.zeros((len(within.inline) + 1, flags.shape[1]), dtype=np.int64)
    np.cumsum(flags[within.inline], axis=0, out=running[1:])
    sizes = np.bincount(within.blocks, minlength=len(document.blocks))
    ends = np.cumsum(sizes)
    counts: Ints = running[ends] - running[ends - sizes]
    return counts


def _flags(document: Document) -> NDArray[np.bool_]:
    """Flag the different inline elements of a page; the last column says which are links."""
    own = _host(document.url)
    flags = []
    for inline in document.inline:
        if inline[0] != "a":
            flags.append(0)
            continue
        href, _, target = inline[-3:]
        bits = _IS_LINK
        if host := _host(href):
            bits |= _ABSOLUTE
            if own and not _same_site(own, host):
                bits |= _EXTERNAL
        if target and target.lower() == "_blank":
            bits |= _BLANK
        flags.append(bits)
    return (np.array(flags, dtype=np.int64)[:, None] >> np.arange(len(LINK_FLAGS) + 1) & 1).astype(np.bool_)


def without_site(address: str) -> str:
    """Return what a web address says beyond the host it names."""
    return address[len(_site(address)) :]


def _host(address: str) -> str:
    """Return the host that a web address names, without `www.`; "" where it names none."""
    return _named_host(_site(address))


def _site(address: str) -> str:
    """Return what a web address begins with where it names a host, else ""."""
    site = _SITE.match(address) if "//" in address else None
    return site.group() if site else ""


@lru_cache(maxsize=_REMEMBERED)
def _named_host(site: str) -> str:
    name = site.partition("//")[2].rpartition("@")[2].partition(":")[0]
    return name.lower().removeprefix("www.")


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)
