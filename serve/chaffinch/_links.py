"""What the links of an HTML page's blocks say of where they lead."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.blocks import Document

# What is flagged of each block, in this order.
LINK_FLAGS: Final = ("absolute", "external", "blank", "nofollow", "sponsored")
EXTERNAL: Final = LINK_FLAGS.index("external")
BLANK: Final = LINK_FLAGS.index("blank")
# Hosts that are remembered: the links of a page lead to few.
_REMEMBERED: Final = 1 << 10
_NO_LINK: Final = (False,) * (len(LINK_FLAGS) + 1)

# What an address begins with where it names a host.
_SITE = re.compile(r"\s*(?:https?:)?//[^/?#\\\s]*", re.IGNORECASE)


def link_counts(document: Document) -> NDArray[np.int64]:
    """Count every block's links: those flagged, in the order of `LINK_FLAGS`, then all; (blocks, flags + 1).

    Flagged are links that name a host, one of another site, a new window, `nofollow`, `sponsored`. Adverts
    mostly lead away, and often say so. Which site the page is of, its own address tells; a host is of
    another site where neither lies below the other.
    """
    flags = _flags(document)
    blocks = document.blocks
    sizes = np.fromiter([len(block.inline) for block in blocks], dtype=np.int64, count=len(blocks))
    named = np.fromiter([number for block in blocks for number in block.inline], dtype=np.int64)
    running = np.zeros((len(named) + 1, flags.shape[1]), dtype=np.int64)
    np.cumsum(flags[named], axis=0, out=running[1:])
    ends = np.cumsum(sizes)
    counts: NDArray[np.int64] = running[ends] - running[ends - sizes]
    return counts


def _flags(document: Document) -> NDArray[np.bool_]:
    """Flag the different inline elements of a page; the last column says which are links."""
    own = _host(document.url)
    flags = []
    for inline in document.inline:
        if inline[0] != "a":
            flags.append(_NO_LINK)
            continue
        *_, href, rel, target = inline
        host = _host(href)
        external = host != "" and own != "" and not _same_site(own, host)
        rel = rel.lower()
        of_rel = "nofollow" in rel, "sponsored" in rel
        flags.append((host != "", external, target.lower() == "_blank", *of_rel, True))
    return np.array(flags, dtype=np.bool_).reshape(-1, len(LINK_FLAGS) + 1)


def _host(address: str) -> str:
    """Return the host that a web address names, without `www.`; "" where it names none."""
    site = _SITE.match(address)
    return _named_host(site.group()) if site else ""


@lru_cache(maxsize=_REMEMBERED)
def _named_host(site: str) -> str:
    name = site.partition("//")[2].rpartition("@")[2].partition(":")[0]
    return name.lower().removeprefix("www.")


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)
