"""Seeds that depend on what is computed, never on when or where."""

from __future__ import annotations

import hashlib


def stable_hash(text: str) -> int:
    """Return a 64-bit integer that depends on `text` only: the same on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def seed_for(study_seed: int, *labels: object) -> list[int]:
    """Return the seed of one piece of work, for ``numpy.random.default_rng``.

    Parameters
    ----------
    study_seed
        The seed in the study config.
    *labels
        What the piece of work is: stage, protocol, model, fold, participant, …
    """
    return [study_seed, *(stable_hash(str(label)) for label in labels)]


def chunk_of(participant: str, n_chunks: int) -> int:
    """Return the chunk, 0 ... n_chunks - 1, that a participant is worked on in."""
    return stable_hash(participant) % n_chunks
