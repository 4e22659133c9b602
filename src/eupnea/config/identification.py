"""Config of the identification: protocols, models, evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eupnea.config.base import Block

Labels = tuple[str, ...]
Split = Literal[
    "given",
    "leave_one_run_out",
    "leave_one_session_out",
    "leave_one_mode_out",
    "leave_one_task_out",
    "in_time",
    "first_recording",
]
ClosedFormModel = Literal["lda", "whitened_centroid"]
OtherModel = Literal["logistic", "random_forest", "xgboost"]
Share = Annotated[float, Field(gt=0, lt=1)]
Seconds = Annotated[float, Field(gt=0)]


class RecordingFilter(Block):
    """Which recordings: an empty list means any; ``!rest`` means all but ``rest``."""

    mode: Labels = ()
    """Breathing modes (``nasal``, ``oral``)."""

    task: Labels = ()
    """Tasks (``rest``, or the task's own name)."""

    session: Labels = ()
    """Sessions (``ses-1``)."""

    run: Labels = ()
    """Runs (``1``)."""


class ProtocolConfig(Block):
    """A rule that says which recordings people are learnt from, and which are to be recognised."""

    answers: str = ""
    """What the protocol answers, in words; stands in figures and report."""

    question: Literal["", "Q1", "Q2", "Q3", "Q4"] = ""
    """The question of the study that it belongs to."""

    enrol: RecordingFilter = Field(default_factory=RecordingFilter)
    """Recordings that may enrol."""

    probe: RecordingFilter = Field(default_factory=RecordingFilter)
    """Recordings that may be probes."""

    split: Split = "given"
    """``given``: every recording of ``enrol`` enrols, every one of ``probe`` is a probe. ``leave_one_…_out``: each run,
    session, mode or task is once the probe and all others enrol. ``in_time``: the first part of each recording enrols,
    the later part is the probe (*same recording*: says nothing about permanence). ``first_recording``: each person's
    first recording enrols, all others are probes."""

    enrol_share: Share = 0.5
    """Share of each recording that enrols when it is split in time."""

    guard_s: Annotated[float, Field(ge=0)] = 60.0
    """Seconds left out between enrolment and probe when a recording is split in time."""

    enrol_s: Seconds | None = None
    """At most so many seconds of each recording enrol; empty: all of it."""

    probe_s: Seconds | None = None
    """At most so many seconds of each recording are probed; empty: all of it."""

    match_lengths: bool = False
    """Run again with equal lengths: ``matched_s`` seconds of each recording from its early, middle and late part."""

    @property
    def same_recording(self) -> bool:
        """Whether enrolment and probe come from one recording."""
        return self.split == "in_time"


def _filter(**labels: str) -> RecordingFilter:
    return RecordingFilter(**{name: (label,) for name, label in labels.items()})


def default_protocols() -> dict[str, ProtocolConfig]:
    """Return the shipped protocols; one that a dataset cannot answer is reported with the reason."""
    rest, task = _filter(task="rest"), _filter(task="!rest")
    nasal, oral = _filter(mode="nasal"), _filter(mode="oral")
    return {
        "leave_one_run_out": ProtocolConfig(
            answers="recognised in a run that was not enrolled", question="Q3", split="leave_one_run_out"
        ),
        "within_nasal": ProtocolConfig(
            answers="recognised from nasal breathing, in another run",
            question="Q1",
            enrol=nasal,
            probe=nasal,
            split="leave_one_run_out",
        ),
        "within_oral": ProtocolConfig(
            answers="recognised from oral breathing, in another run",
            question="Q1",
            enrol=oral,
            probe=oral,
            split="leave_one_run_out",
        ),
        "nasal_to_oral": ProtocolConfig(
            answers="enrolled breathing nasally, recognised breathing orally", question="Q2", enrol=nasal, probe=oral
        ),
        "oral_to_nasal": ProtocolConfig(
            answers="enrolled breathing orally, recognised breathing nasally", question="Q2", enrol=oral, probe=nasal
        ),
        "rest_to_task": ProtocolConfig(
            answers="enrolled at rest, recognised during the task",
            question="Q2",
            enrol=rest,
            probe=task,
            match_lengths=True,
        ),
        "task_to_rest": ProtocolConfig(
            answers="enrolled during the task, recognised at rest",
            question="Q2",
            enrol=task,
            probe=rest,
            match_lengths=True,
        ),
        "leave_one_session_out": ProtocolConfig(
            answers="recognised on a day that was not enrolled", question="Q2", split="leave_one_session_out"
        ),
        "first_to_later": ProtocolConfig(
            answers="enrolled in the first part of a recording, recognised in its later part (same recording)",
            question="Q4",
            split="in_time",
        ),
        "single_short_enrolment": ProtocolConfig(
            answers="enrolled once, for two minutes; recognised in every other recording",
            question="Q4",
            split="first_recording",
            enrol_s=120.0,
        ),
    }


class ModelsConfig(Block):
    """Models, and what nested selection may choose from."""

    selection: tuple[ClosedFormModel, ...] = ("whitened_centroid", "lda")
    """Models that the headline ``selected`` is chosen from inside the enrolment. They have a closed form, so that
    every permutation repeats the choice. Of equally good ones the earlier is chosen."""

    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """Candidates whose mean reciprocal rank inside the enrolment is within this of the best count as equally good: what
    a few people cannot tell apart is decided by the order of preference, not by noise."""

    shrinkages: tuple[Share, ...] = (0.05, 0.1, 0.2, 0.4)
    """Shrinkages of the within-person covariance towards the identity (features have unit variance) to choose from."""

    transforms: tuple[Literal["clip", "rank_gaussian", "none"], ...] = ("rank_gaussian",)
    """Transforms of each feature to choose from (``rank_gaussian``, ``clip``, ``none``); all are fitted on enrolment
    only. Each further one doubles the time."""

    separations: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (0.0, 2.0, 4.0)
    """How the windows of a recording are put together, to choose from inside the enrolment by the equal error rate of
    recordings. 0: their scores are averaged. d: each window's support of a claim is averaged, where scores of the own
    person are taken to lie d standard deviations higher than those of others; a window unlike its person then says
    nothing instead of counting against. Of equally good ones the earlier is chosen."""

    clip_sd: Seconds = 4.0
    """``clip``: values further than so many robust standard deviations from the median are drawn in."""

    inner_folds: Annotated[int, Field(ge=2)] = 5
    """Inner folds at most: each leaves out one block of recordings (session, mode, task, run); with more blocks than
    that, several together."""

    inner_parts: Annotated[int, Field(ge=1)] = 4
    """Averages of consecutive windows per recording that the inner choice is judged on. More: finer and slower."""

    analysis_set: Literal["standard", "thorough"] = "standard"
    """``thorough`` adds the tree models whatever the number of people (minutes to hours at 100 people)."""

    standard: tuple[OtherModel, ...] = ("logistic",)
    """Further models for looking; never the headline, never permuted."""

    thorough: tuple[OtherModel, ...] = ("random_forest", "xgboost")
    """Slow models: run in the thorough set, or where at most ``trees_up_to`` people are enrolled."""

    trees_up_to: Annotated[int, Field(ge=0)] = 20
    """Gallery up to which the slow models run in the standard set."""

    other_protocols: Labels = ("leave_one_run_out",)
    """Protocols that the further models run in, at the shortest window."""

    other_modalities: Labels = ("respiration", "cardiac", "all")
    """Modalities that the further models run on."""

    logistic_c: Seconds = 0.03
    """Inverse strength of the ridge penalty of the logistic regression on standardised features."""


class IdentificationConfig(Block):
    """Who is who: protocols, models, evidence."""

    modalities: tuple[
        Literal["respiration", "cardiac", "coupling", "all", "device", "cardiogenic", "demographics"], ...
    ] = ("respiration", "cardiac", "coupling", "all", "device", "cardiogenic", "demographics")
    """Groups of features; the last three are controls."""

    protocols: dict[str, ProtocolConfig] = Field(default_factory=default_protocols)
    """Name → rule. A map given here replaces the shipped one."""

    models: ModelsConfig = Field(default_factory=ModelsConfig)
    """Models, and what nested selection may choose from."""

    min_people: Annotated[int, Field(ge=2)] = 5
    """People who must have enrolment and probe, else the protocol is not answerable."""

    max_missing_share: Share = 0.5
    """A window that lacks more than this share of the modality's features is a failure to acquire; a feature that
    more than this share of the enrolment lacks is left out."""

    fused_windows: tuple[Annotated[int, Field(ge=2)], ...] = (2, 3, 5)
    """Numbers of consecutive windows of one recording whose scores are averaged (``rank1_fused``)."""

    permutations: Annotated[int, Field(ge=0)] = 499
    """Random assignments of recordings to people behind each p-value and each shuffled control (at least 100)."""

    permutations_few_people: Annotated[int, Field(ge=0)] = 999
    """The same where at most ``few_people`` are enrolled and permutations are cheap."""

    permutations_controls: Annotated[int, Field(ge=0)] = 199
    """The same behind the p-values of controls (``device``, ``cardiogenic``, ``demographics``, amplitude-free features,
    matched lengths) and of the matrix's cells."""

    few_people: Annotated[int, Field(ge=0)] = 25
    """Number of enrolled people up to which ``permutations_few_people`` holds."""

    bootstrap: Annotated[int, Field(ge=100)] = 1000
    """Bootstrap draws behind intervals of error rates."""

    matched_s: Seconds = 300.0
    """Seconds per recording where lengths are matched."""

    matrix: bool = True
    """Whether the mode × task matrix (enrol × probe) is made."""

    length_protocols: Labels = ("leave_one_run_out",)
    """Protocols whose accuracy is shown against enrolment and probe length."""

    enrolment_lengths_s: tuple[Seconds, ...] = (60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0)
    """Enrolment lengths per person, s; those longer than what there is are left out."""

    probe_lengths_s: tuple[Seconds, ...] = (60.0, 120.0, 180.0, 300.0, 600.0)
    """Probe lengths, s."""

    gallery_sizes: tuple[Annotated[int, Field(ge=2)], ...] = (2, 5, 10, 15, 20, 30, 50, 75, 100, 200, 500, 1000)
    """Gallery sizes of the gallery curve; beyond the enrolled people it is extrapolated and labelled so."""

    detail_protocols: Labels = ("leave_one_run_out",)
    """Protocols with the subject-disjoint background model, the open set, family importance and gallery curve."""

    people_folds: Annotated[int, Field(ge=2)] = 5
    """Groups of people for the subject-disjoint background model and the open set."""

    importance_repeats: Annotated[int, Field(ge=1)] = 10
    """Shuffles of each family of features behind its importance."""

    age_tolerance: Annotated[float, Field(ge=0)] = 3.0
    """Matched impostors: at most so many years apart."""

    bmi_tolerance: Annotated[float, Field(ge=0)] = 2.0
    """Matched impostors: at most so many kg/m² apart."""

    window_scores: bool = True
    """Whether the genuine and the best impostor score of every window are kept (rank statistics, comparisons)."""
