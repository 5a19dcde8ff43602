"""What the links of an HTML page's blocks say of where they lead."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.blocks import Document

# What is flagged of each block, in this order.
LINK_FLAGS: Final = ("absolute", "external", "blank", "nofollow", "sponsored")
_ABSOLUTE, EXTERNAL, BLANK, _NOFOLLOW, _SPONSORED = range(len(LINK_FLAGS))

_HOST_END = re.compile(r"[/?#\\]")


def link_flags(document: Document) -> NDArray[np.bool_]:
    """Flag blocks with a link that names a host, one of another site, a new window, `nofollow`, `sponsored`.

    Adverts mostly lead away, and often say so. Which site the page is of, its own address tells; a host is
    of another site where neither lies below the other.
    """
    own = _host(document.url)
    flags = np.zeros((len(document.blocks), len(LINK_FLAGS)), dtype=np.bool_)
    for index, block in enumerate(document.blocks):
        for inline in block.inline:
            if inline[0] == "a":
                *_, href, rel, target = inline
                if other := _host(href):
                    flags[index, _ABSOLUTE] = True
                    flags[index, EXTERNAL] |= bool(own) and not _same_site(own, other)
                if rel or target:
                    rel = rel.lower()
                    flags[index, BLANK] |= target.lower() == "_blank"
                    flags[index, _NOFOLLOW] |= "nofollow" in rel
                    flags[index, _SPONSORED] |= "sponsored" in rel
    return flags


def _host(address: str) -> str:
    """Return the host that a web address names, without `www.`; "" where it names none."""
    scheme, slashes, rest = address[:400].strip().partition("//")
    if not slashes or scheme.lower() not in ("", "http:", "https:"):
        return ""
    name = _HOST_END.split(rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    return name.lower().removeprefix("www.")


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)
