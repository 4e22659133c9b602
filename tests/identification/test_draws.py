"""Random assignments by compiled loops give what the plain path gives, one assignment after the other."""

from __future__ import annotations

import numpy as np
import pytest
from identification.worlds import make_world

from eupnea.config.identification import ModelsConfig, default_protocols
from eupnea.evidence.leak_audit import FitRecord
from eupnea.identification import fusion
from eupnea.identification.closed_form import PRESENT
from eupnea.identification.draws import choose
from eupnea.identification.engine import Engine, random_labels
from eupnea.identification.error_rates import equal_error_rate
from eupnea.identification.evaluation import split_scores
from eupnea.identification.null import null_draws
from eupnea.identification.protocols import split_samples
from eupnea.identification.samples import make_samples

DRAWS = 25
UNITS = fusion.units_of((2, 3))
PROTOCOLS = ("leave_one_run_out", "within_nasal", "first_to_later", "single_short_enrolment")


class Unaudited(FitRecord):
    """Allows everything: there is no protocol around these fits."""

    def note(self, what, rows):
        del what, rows


def engine_of(**world):
    defaults = {"people": 9, "windows": {"rest": 5, "nback": 10}, "features": 10, "signature": 0.4, "seed": 3}
    windows, *_ = make_world(**{**defaults, **world})
    samples = make_samples(windows, "respiration", 60.0, max_missing_share=0.5)[0]
    engine = Engine(samples, ModelsConfig(tolerance=0.0), max_missing_share=0.5)
    engine.record = Unaudited()
    return engine


def folds_of(engine, protocol):
    return split_samples(default_protocols()[protocol], engine.samples, min_people=5).folds


def plainly(engine, folds, enrol_labels, probe_labels):
    """Return rank-1 of every unit and the EER of one assignment, in double precision and window by window."""
    C, pairs = len(engine.samples.people), []
    hits, counts = (np.zeros((len(UNITS), C)) for _ in range(2))
    for fold in folds:
        chosen = engine.candidates[int(engine.choose(fold.enrol, enrol_labels)[0])]
        separation = float(fusion.choose_separations(engine, fold.enrol, enrol_labels, chosen)[0])
        scores = next(engine.scores(fold.enrol, fold.probe, enrol_labels, chosen))[1]
        owner = probe_labels[0][engine.samples.recording[fold.probe]]
        for i, unit in enumerate(UNITS):
            found, first = fusion.fused(scores, engine.samples.recording[fold.probe], unit, separation)
            own = found[0][owner[first], np.arange(len(first))]
            known = own > PRESENT
            np.add.at(hits[i], owner[first], known & ((found[0] >= own).sum(axis=0) == 1))
            np.add.at(counts[i], owner[first], known)
            if unit == fusion.RECORDING:
                pairs.append(split_scores(found[0], owner[first]))
    shares = [np.mean(hit[count > 0] / count[count > 0]) for hit, count in zip(hits, counts, strict=True)]
    return [*shares, equal_error_rate(*(np.concatenate(side) for side in zip(*pairs, strict=True)))]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_compiled_draws_are_the_plain_ones(protocol):
    engine = engine_of()
    folds = folds_of(engine, protocol)
    enrol, probe = (random_labels(engine.samples, DRAWS, 5, purpose=purpose) for purpose in ("identities", "probes"))
    probe = probe if protocol == "first_to_later" else enrol
    found = null_draws(engine, folds, enrol, probe, UNITS)
    expected = [plainly(engine, folds, enrol[b : b + 1], probe[b : b + 1]) for b in range(DRAWS)]
    together = np.column_stack([*(found.rank1[unit.name] for unit in UNITS), found.eer])
    assert np.ptp(together[:, 1]) > 0
    np.testing.assert_allclose(together, expected, atol=1e-9)


@pytest.mark.parametrize("protocol", PROTOCOLS[:2])
def test_draws_along_fewer_features_than_people_are_the_plain_ones(protocol, monkeypatch):
    engine = engine_of(features=4)
    folds = folds_of(engine, protocol)
    labels = random_labels(engine.samples, DRAWS, 5)
    found = [null_draws(engine, folds, labels, labels, UNITS)]
    monkeypatch.setattr("eupnea.identification.draws.NARROW", 0.0)
    engine.chosen_draws.clear()
    found.append(null_draws(engine, folds, labels, labels, UNITS))
    expected = [plainly(engine, folds, labels[b : b + 1], labels[b : b + 1]) for b in range(DRAWS)]
    for one in found:
        together = np.column_stack([*(one.rank1[unit.name] for unit in UNITS), one.eer])
        np.testing.assert_allclose(together, expected, atol=1e-9)


def test_long_recordings_in_several_groups_of_windows_are_the_plain_ones(monkeypatch):
    monkeypatch.setattr("eupnea.identification.draws.BLOCK", 3)
    engine = engine_of(people=6, windows={"rest": 70, "nback": 131})
    folds = folds_of(engine, "within_nasal")
    labels = random_labels(engine.samples, 4, 5)
    found = null_draws(engine, folds, labels, labels, UNITS)
    expected = [plainly(engine, folds, labels[b : b + 1], labels[b : b + 1]) for b in range(4)]
    together = np.column_stack([*(found.rank1[unit.name] for unit in UNITS), found.eer])
    np.testing.assert_allclose(together, expected, atol=1e-12)


def test_people_who_own_nothing_or_most_are_no_exception():
    engine = engine_of()
    folds = folds_of(engine, "leave_one_run_out")
    shares = [0.6] + [0.05] * 8
    labels = np.random.default_rng(0).choice(9, size=(DRAWS, len(engine.samples.recordings)), p=shares)
    found = null_draws(engine, folds, labels, labels, UNITS)
    expected = [plainly(engine, folds, labels[b : b + 1], labels[b : b + 1]) for b in range(DRAWS)]
    together = np.column_stack([*(found.rank1[unit.name] for unit in UNITS), found.eer])
    np.testing.assert_allclose(together, expected, atol=1e-9)


def test_assignments_drawn_in_pieces_are_the_same(monkeypatch):
    engine = engine_of()
    folds = folds_of(engine, "leave_one_run_out")
    labels = random_labels(engine.samples, DRAWS, 5)
    whole = null_draws(engine, folds, labels, labels, UNITS)
    monkeypatch.setattr("eupnea.identification.draws.HELD_NUMBERS", 200)
    monkeypatch.setattr("eupnea.identification.null.HELD_COMPARISONS", 1000)
    engine.chosen_draws.clear()
    pieces = null_draws(engine, folds, labels, labels, UNITS)
    assert (whole.eer == pieces.eer).all()
    assert all((whole.rank1[name] == pieces.rank1[name]).all() for name in whole.rank1)


def test_a_choice_is_shared_only_by_the_same_owners_of_the_same_enrolment():
    engine = engine_of()
    first, second = (fold.enrol for fold in folds_of(engine, "within_nasal"))
    labels = random_labels(engine.samples, DRAWS, 5)
    known = choose(engine, first, labels)
    kept = engine.chosen_draws[first.tobytes()]
    fewer = choose(engine, first, labels[:10])
    assert engine.chosen_draws[first.tobytes()] is kept
    assert all((a[:10] == b).all() for a, b in zip(known, fewer, strict=True))
    other = labels[::-1].copy()
    again = choose(engine, first, other)
    assert engine.chosen_draws[first.tobytes()] is not kept
    assert all((a[::-1] == b).all() for a, b in zip(known, again, strict=True))
    choose(engine, second, labels)
    assert len(engine.chosen_draws) == 2
