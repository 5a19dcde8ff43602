"""The labels of a block, their one-letter codes, the three classes they fold into; the ways of cleaning."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

Group: TypeAlias = Literal["editorial", "promotional", "boilerplate"]
# How readily a block is taken for chaff: each has its thresholds in the model.
Cleaning: TypeAlias = Literal["careful", "balanced", "thorough"]
CLEANING: Final[tuple[Cleaning, ...]] = get_args(Cleaning)

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
