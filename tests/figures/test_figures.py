"""Figures: the same content gives the same bytes; what cannot be drawn says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from report_support import make_results

from eupnea.config.figures import FiguresConfig
from eupnea.figures import traits
from eupnea.figures.drawing import DOUBLE_COLUMN_IN, mark_simulated, style
from eupnea.figures.registry import FIGURES, all_figures
from eupnea.figures.stage import draw, draw_stage
from eupnea.study import Study


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_results(tmp_path_factory.mktemp("study"))


@pytest.mark.parametrize("stage", ["adversarial", "associations"])
def test_two_drawings_have_the_same_bytes(study: Study, tmp_path: Path, stage: str) -> None:
    for name in ("first", "second"):
        draw_stage(Study(study.folder), stage, config=FiguresConfig(png_dpi=50), folder=tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(files) == 4 * len(FIGURES[stage]) + 1
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_every_figure_draws_or_says_why_it_cannot(study: Study) -> None:
    with style():
        for stage, names in FIGURES.items():
            for name in names:
                drawn = draw(study, stage, name)
                assert len(drawn.data)
                assert len(drawn.caption) > 40
                assert drawn.figure.get_figwidth() <= DOUBLE_COLUMN_IN
                plt.close(drawn.figure)


def test_mixed_models_are_drawn_in_one_unit(study: Study) -> None:
    with style():
        assert draw(study, "associations", "mixed_models").data["value"].tolist() == [1.25]


def test_blindness_joins_error_and_reading_of_the_same_model(study: Study) -> None:
    with style():
        data = draw(study, "adversarial", "invariance").data.set_index("model")
    assert data.loc["ridge_none", ["value", "value_attacker"]].tolist() == [8.0, 0.71]
    assert data.loc["ridge_linear_erasure", ["value", "value_attacker"]].tolist() == [8.4, 0.52]


def test_curves_under_attack_start_at_the_unperturbed_error(study: Study) -> None:
    with style():
        figure = draw(study, "adversarial", "robustness").figure
    line = next(line for line in figure.axes[0].lines if line.get_label() == "ridge")
    assert line.get_xydata().tolist() == [[0.0, 8.0], [0.1, 19.0]]


def test_simulated_is_written_on_the_figure(study: Study) -> None:
    with style():
        figure = draw(study, "associations", "mixed_models").figure
        mark_simulated(figure)
    assert "SIMULATED" in [text.get_text() for text in figure.texts]


def test_captions_say_simulated_and_are_complete(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    draw_stage(study, "traits", config=FiguresConfig(formats=("png",), png_dpi=40), folder=folder)
    captions = pd.read_csv(folder / "captions-traits.tsv", sep="\t")
    assert Study(tmp_path).figures() == sorted(FIGURES["traits"])
    assert captions["name"].tolist() == list(FIGURES["traits"])
    assert captions["caption"].str.endswith("Simulated people.").all()


def test_names_are_unique() -> None:
    assert len(all_figures()) == len(set(all_figures()))


def test_panels_of_many_targets_stand_in_several_rows() -> None:
    figure, panels = traits._panels(7, height=2.0)
    assert len(panels) == len(figure.axes) == 7
    assert figure.get_figheight() == 6.0
    assert max(panel.get_subplotspec().colspan.stop for panel in panels) == 3
    plt.close(figure)
