"""Study respiratory and cardiac biometrics: from recordings to a report.

``eupnea.load("results/demo")`` opens the results of a study that has run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from eupnea.study import Study

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(folder: str | Path) -> Study:
    """Open the results of a study.

    Parameters
    ----------
    folder
        The study's folder, for example ``results/demo``.

    Returns
    -------
    eupnea.study.Study
        Its tables as attributes, its figures by name.

    Raises
    ------
    InputError
        The folder is not there, or holds no finished study.

    Examples
    --------
    >>> study = load("results/demo")  # doctest: +SKIP
    >>> study.metrics.query("model == 'selected' and metric == 'eer'")  # doctest: +SKIP
    """
    from eupnea.study import Study

    return Study.open(folder)
