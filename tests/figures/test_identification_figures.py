"""Figures of identification, drawn from a simulated world: each one shows what chance is."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
from identification.worlds import make_world

from eupnea.config.identification import IdentificationConfig, ModelsConfig, default_protocols
from eupnea.figures import identification as figures
from eupnea.figures.drawing import style
from eupnea.figures.registry import FIGURES
from eupnea.identification.identify import identify
from eupnea.io.contract import SCORES
from eupnea.io.tables import write_table
from eupnea.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    names = ("leave_one_run_out", "within_nasal", "rest_to_task")
    config = IdentificationConfig(
        protocols={name: default_protocols()[name] for name in names},
        models=ModelsConfig(shrinkages=(0.2,), standard=(), thorough=()),
        permutations_few_people=19,
        permutations_controls=19,
        bootstrap=100,
        importance_repeats=1,
    )
    world = make_world(people=8, windows=3, signature=1.0, seed=2)
    found = identify(*world, modality="respiration", config=config, seed=1)
    folder = tmp_path_factory.mktemp("study")
    write_table(found.scores, folder / "identification/scores.parquet", SCORES)
    stored = Study(folder)
    return SimpleNamespace(
        metrics=found.metrics,
        score_runs=stored.score_runs,
        scores_of=stored.scores_of,
        people=found.people,
        curves=lambda stage: found.curves,
    )


@pytest.mark.parametrize("name", FIGURES["identification"])
def test_every_figure_shows_chance(study, name):
    with style():
        drawn = getattr(figures, name)(study)
    axes = drawn.figure.axes
    dashed = [line for axis in axes for line in axis.lines if line.get_linestyle() == "--"]
    dashed += [lines for axis in axes for lines in axis.collections if lines.get_linestyle() != [(0.0, None)]]
    plt.close(drawn.figure)
    assert dashed or any("chance" in axis.get_title(side) for axis in axes for side in ("left", "center"))
    assert "chance" in drawn.caption.lower() or "says nothing either way" in drawn.caption
