"""The flow of the nose where its two nostrils were recorded apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEFT, RIGHT, NOSE = "nasal_left", "nasal_right", "nasal"
FLOW_KINDS = ("airflow", "nasal_pressure")
NAME = "nostrils"
"""Name of the signal that is the sum of both."""


def both_nostrils(rows: Sequence[Mapping[Any, Any]]) -> tuple[Mapping[Any, Any], Mapping[Any, Any]] | None:
    """Return the channels of the left and of the right nostril of a recording.

    Parameters
    ----------
    rows
        Rows of one recording, in the contract CHANNELS.

    Returns
    -------
    tuple or None
        None when flow was not recorded from both by sensors of one kind and unit, or from the whole nose as well.
    """
    used = [row for row in rows if row["status"] == "used" and row["kind"] in FLOW_KINDS]
    for kind in FLOW_KINDS:
        by_site = {row["site"]: row for row in reversed(used) if row["kind"] == kind}
        if LEFT in by_site and RIGHT in by_site and NOSE not in by_site:
            left, right = by_site[LEFT], by_site[RIGHT]
            return (left, right) if left["unit"] == right["unit"] else None
    return None


def with_the_nose(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the row of both nostrils together, where there is one: its samples are made at the stage *signals*."""
    sides = both_nostrils(rows)
    if sides is None:
        return rows
    taken = {row["signal"] for row in rows}
    name = NAME if NAME not in taken else next(one for k in range(2, 99) if (one := f"{NAME}_{k}") not in taken)
    unknown = dict.fromkeys(("polarity", "file", "format", "channel", "samples"), "")
    told = {"signal": name, "site": NOSE, "status": "derived", "reason": "sum of both nostrils"}
    return [*rows, {**sides[0], **unknown, **told}]
