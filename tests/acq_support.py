"""A writer of small AcqKnowledge files (revision 39, version 3.7.3), with text in every field that bioread reads."""

from __future__ import annotations

import struct

import numpy as np

_REVISION = 39
_GRAPH_BYTES, _CHANNEL_BYTES = 4096, 254
_DOUBLE = (8, 1)  # bytes, type


def acq_bytes(
    channels: dict[str, tuple[np.ndarray, int, str]], base_hz: float, *, markers: dict[int, str], text: str
) -> bytes:
    """Return an uncompressed file.

    Parameters
    ----------
    channels
        Name -> samples, divider of the base rate, unit. All last equally long, and the fastest has the divider 1.
    base_hz
        Samples per second.
    markers
        Sample of the base rate -> what the experimenter typed.
    text
        Stands as description of every channel and as journal.
    """
    graph = bytearray(_GRAPH_BYTES)
    struct.pack_into("<hIih", graph, 0, 0, _REVISION, _GRAPH_BYTES, len(channels))
    struct.pack_into("<d", graph, 16, 1000 / base_hz)
    described = b"".join(
        _channel(number, name, unit, len(values), divider, text)
        for number, (name, (values, divider, unit)) in enumerate(channels.items())
    )
    foreign = struct.pack("<hh", 4, 0)
    types = struct.pack("<hh", *_DOUBLE) * len(channels)
    return b"".join(
        [bytes(graph), described, foreign, types, _interleaved(channels), _markers(markers), _journal(text)]
    )


def _channel(number: int, name: str, unit: str, n_samples: int, divider: int, text: str) -> bytes:
    raw = bytearray(_CHANNEL_BYTES)
    struct.pack_into("<ih40s", raw, 0, _CHANNEL_BYTES, number, name.encode("latin1"))
    struct.pack_into("<20sidd", raw, 68, unit.encode("latin1"), n_samples, 1.0, 0.0)
    struct.pack_into("<128sh", raw, 122, text.encode("latin1"), divider)
    return bytes(raw)


def _interleaved(channels: dict[str, tuple[np.ndarray, int, str]]) -> bytes:
    """Write, for each sample of the base rate, those of the channels that have one then."""
    when = [np.arange(len(values)) * divider for values, divider, _ in channels.values()]
    order = np.argsort(np.concatenate(when), kind="stable")
    return np.concatenate([values for values, _, _ in channels.values()])[order].astype("<f8").tobytes()


def _markers(markers: dict[int, str]) -> bytes:
    items = [
        struct.pack("<ihhhh", sample, 0, 0, 0, len(text)) + text.encode("latin1") + b"\0"
        for sample, text in markers.items()
    ]
    return struct.pack("<ii", sum(map(len, items)), len(items)) + b"".join(items)


def _journal(text: str) -> bytes:
    return bytes((0x44, 0x33, 0x22, 0x11)) + struct.pack("<hi", 1, len(text)) + text.encode("latin1")
