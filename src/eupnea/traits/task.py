"""One question to the models: predict this target from these features in these people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.config.traits import TraitsConfig
from eupnea.io.seeds import seed_for
from eupnea.traits.design import Design
from eupnea.traits.folds import balanced_folds, relabellings
from eupnea.traits.preprocess import Preprocessing
from eupnea.traits.targets import Target

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

PEOPLE_PER_FOLD = 2
"""People that a fold holds at least."""


@dataclass(frozen=True, slots=True)
class Task:
    """A target with the features of a modality.

    Attributes
    ----------
    target, design, modality, config, seed
        What is asked.
    y
        Shape (n,): the target of the observations of the design.
    """

    target: Target
    design: Design
    y: FloatArray
    modality: str
    config: TraitsConfig
    seed: int

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 for numbers."""
        return len(self.target.classes)

    @property
    def group(self) -> int:
        """Columns that stand for one target in `labels`."""
        return self.n_classes if self.target.kind == "classes" else 1

    @property
    def how(self) -> Preprocessing:
        """How features are prepared inside the folds."""
        return Preprocessing(clip_sd=self.config.clip_sd, max_missing=self.config.max_missing)

    @property
    def per_person(self) -> FloatArray:
        """Mean target of each participant: what folds are balanced in."""
        people = self.design.people
        return np.bincount(people, weights=self.y) / np.bincount(people)

    @property
    def columns(self) -> dict[str, object]:
        """Columns that every metrics row of the task has."""
        return {
            "target": self.target.name,
            "level": self.target.level,
            "modality": self.modality,
            "n_participants": self.design.n_people,
            "n_observations": len(self.y),
        }

    def rng(self, *labels: object) -> np.random.Generator:
        """Give the generator of one piece of work of this task.

        The modality is no part of the seed: all modalities meet the same folds where they have the same people.
        """
        return np.random.default_rng(seed_for(self.seed, "traits", self.target.name, self.target.level, *labels))

    def folds(self, repeat: int, n_folds: int | None = None) -> IndexArray:
        """Give the outer fold of each observation; a participant is in one fold."""
        wanted = n_folds or self.config.folds
        n = min(wanted, max(self.design.n_people // PEOPLE_PER_FOLD, 3))
        return balanced_folds(self.per_person, n, self.rng("folds", repeat, wanted))[self.design.people]

    def labels(self, y: FloatArray | None = None) -> FloatArray:
        """Give the columns that are regressed on: the number on its scale, 0/1, or one column per class."""
        values = (self.y if y is None else y).reshape(len(self.y), -1)
        if self.group == 1:
            return self.target.forward(values)
        hot = values[:, :, None] == np.arange(self.n_classes)
        return hot.reshape(len(values), -1).astype(float)

    def permuted(self, folds: IndexArray, n_draws: int) -> FloatArray:
        """Give the target with people's labels dealt anew, shape (n, n_draws).

        With several observations per person the labels of a person travel together; where the numbers of observations
        differ they are repeated or cut.
        """
        people = self.design.people
        first = np.unique(people, return_index=True)[1]
        sources = relabellings(self.per_person, folds[first], n_draws, self.rng("permutation"))
        own = [np.flatnonzero(people == person) for person in range(self.design.n_people)]
        if all(len(rows) == 1 for rows in own):
            return self.y[first[sources[:, people]]].T
        turn = np.empty(len(people), dtype=np.intp)
        for rows in own:
            turn[rows] = np.arange(len(rows))
        counts, starts = np.array([len(rows) for rows in own]), np.cumsum([0, *(len(rows) for rows in own)])[:-1]
        flat = np.concatenate(own)
        given = sources[:, people]
        return self.y[flat[starts[given] + turn % counts[given]]].T
