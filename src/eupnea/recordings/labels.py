"""Names of recordings."""

from __future__ import annotations


def recording_label(participant: str, *, session: str = "", task: str = "", mode: str = "", run: str = "") -> str:
    """Name a recording by its entities, in BIDS order; empty ones are left out.

    Parameters
    ----------
    participant, session
        With their prefixes: ``sub-01``, ``ses-1``.
    task, mode, run
        Without prefix; mode stands in the ``acq`` entity.
    """
    parts = [participant, session, task and f"task-{task}", mode and f"acq-{mode}", run and f"run-{run}"]
    return "_".join(part for part in parts if part)
