"""The labels a block can carry, their one-letter codes and the three classes they fold into."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Group: TypeAlias = Literal["editorial", "promotional", "boilerplate"]

# In the order of the model's outputs.
CODES: Final[dict[str, str]] = {
    "E": "editorial",
    "C": "comment",
    "M": "metadata",
    "A": "advert",
    "S": "subscribe",
    "R": "recirculation",
    "N": "navigation",
    "L": "legal",
    "I": "interface",
}
LABELS: Final[tuple[str, ...]] = tuple(CODES.values())

EDITORIAL: Final = frozenset({"editorial", "comment"})
PROMOTIONAL: Final = frozenset({"advert", "subscribe"})
BOILERPLATE: Final = frozenset(LABELS) - EDITORIAL - PROMOTIONAL

GROUPS: Final[dict[Group, frozenset[str]]] = {
    "editorial": EDITORIAL,
    "promotional": PROMOTIONAL,
    "boilerplate": BOILERPLATE,
}
GROUP_OF: Final[dict[str, Group]] = {label: group for group, labels in GROUPS.items() for label in labels}
