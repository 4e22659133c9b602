"""Every number of the generator, in one place, with its unit and source.

Three tables: parameters of a person's style (with all the ways in which they vary), effects of age, sex and BMI on
them, and single constants. `constants_table` gives all of them as one table. "assumed" stands where no published value
is used; strengths were set here from published reliabilities and frozen, without looking at what the pipeline finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

Link = Literal["log", "logit", "linear"]

ASSUMED = "assumed"
NATARAJAN = "Natarajan 2021"
RODENSTEIN = "Rodenstein 1985"
TOBIN88 = "Tobin 1988"
TOBIN95 = "Tobin 1995"
PENG = "Peng 2002"
HIRSCH = "Hirsch & Bishop 1981"
VOSS = "Voss 2015 and cohort tables"
QUER = "Quer 2020"
UHLIG = "Uhlig 2020 (ICC .35-.64 over months)"
TASK = "Grassmann 2016; Vlemincx 2011"


@dataclass(frozen=True, slots=True)
class StyleParameter:
    """One parameter of breathing or heart: its population mean and everything that it varies with.

    Attributes
    ----------
    name, modality, unit, link
        `link` is the scale on which effects add up: log, logit, or linear. All columns but `mean` are on that scale.
    mean
        Nasal breathing at rest of a reference person (40 years, BMI 25, between the sexes), in `unit`.
    person_sd
        Between people, after the effects of age, sex and BMI.
    mode_sd
        How a person's nasal style differs from their oral one, beyond the average difference.
    day_sd, recording_sd
        From day to day; from recording to recording of a day.
    sampling_sd
        Error of its estimate from one 60 s window, used by the oracle only.
    oral, task
        Average shift when breathing fully through the mouth; during the task.
    """

    name: str
    modality: Literal["respiration", "cardiac"]
    unit: str
    link: Link
    mean: float
    person_sd: float
    mode_sd: float
    day_sd: float
    recording_sd: float
    sampling_sd: float
    oral: float
    task: float
    source: str


def _row(modality: Literal["respiration", "cardiac"]) -> Callable[..., StyleParameter]:
    def parameter(name: str, unit: str, link: Link, *numbers: float, source: str) -> StyleParameter:
        return StyleParameter(name, modality, unit, link, **dict(zip(_NUMBERS, numbers, strict=True)), source=source)

    return parameter


_NUMBERS = ("mean", "person_sd", "mode_sd", "day_sd", "recording_sd", "sampling_sd", "oral", "task")
_breathing, _heart = _row("respiration"), _row("cardiac")

# columns: mean, person_sd, mode_sd, day_sd, recording_sd, sampling_sd, oral, task
STYLE: tuple[StyleParameter, ...] = (
    # rate: 15.4 ± 2.3, day-to-day 7 % in all; nasal 14.9 → oral 13.6
    _breathing("rate_bpm", "1/min", "log", 15.2, 0.142, 0.060, 0.050, 0.050, 0.085, -0.091, 0.12,
               source=f"{NATARAJAN}; oral {RODENSTEIN}; task {TASK}; day 7 % assumed"),
    # VT: 530 → 700 ml; its day-to-day SD follows from that of VT/Ti (8.5 %), rate and Ti/Ttot
    _breathing("tidal_volume_l", "l", "log", 0.530, 0.180, 0.080, 0.026, 0.026, 0.120, 0.278, 0.02,
               source=f"{RODENSTEIN}; days {TOBIN88}; between people {ASSUMED}"),
    # Ti/Ttot: 37 → 41 %, day-to-day 3.1 % of the value
    _breathing("duty_cycle", "1", "logit", 0.370, 0.110, 0.060, 0.035, 0.035, 0.105, 0.168, 0.05,
               source=f"{RODENSTEIN}; days {TOBIN88}; between people {ASSUMED}"),
    _breathing("inhale_pause_share", "share of breaths", "logit", 0.20, 0.40, 0.25, 0.20, 0.25, 0.65, -0.20, -0.30,
               source=ASSUMED),
    _breathing("exhale_pause_share", "share of breaths", "logit", 0.45, 0.50, 0.30, 0.25, 0.30, 0.55, -0.30, -0.60,
               source=ASSUMED),
    _breathing("exhale_pause_s", "s", "log", 0.60, 0.18, 0.12, 0.10, 0.13, 0.18, -0.15, -0.20, source=ASSUMED),
    # flow shape: where flow peaks inside each phase, how flat it is, how much it has two humps
    _breathing("inhale_peak_position", "share of phase", "logit", 0.47, 0.13, 0.12, 0.08, 0.12, 0.12, -0.10, 0.05,
               source=ASSUMED),
    _breathing("inhale_flatness", "1", "log", 0.80, 0.11, 0.10, 0.07, 0.10, 0.10, 0.10, 0.05, source=ASSUMED),
    _breathing("inhale_hump", "1", "linear", 0.00, 0.045, 0.040, 0.03, 0.045, 0.04, 0.02, 0.0, source=ASSUMED),
    _breathing("exhale_peak_position", "share of phase", "logit", 0.30, 0.16, 0.14, 0.10, 0.14, 0.13, -0.15, 0.05,
               source=ASSUMED),
    _breathing("exhale_flatness", "1", "log", 1.10, 0.11, 0.10, 0.07, 0.10, 0.10, 0.08, 0.05, source=ASSUMED),
    # variability: a factor on the breath-to-breath CVs below, and the long memory
    _breathing("variability", "1", "log", 1.00, 0.18, 0.08, 0.10, 0.12, 0.22, 0.0, -0.20,
               source=f"{TOBIN88} (range of people); task {TASK}"),
    _breathing("memory", "Hurst exponent", "linear", 0.735, 0.050, 0.0, 0.02, 0.02, 0.15, 0.0, 0.0,
               source=f"{PENG} (DFA of intervals .68-.70 after mixing with white noise)"),
    _breathing("sighs_per_hour", "1/h", "log", 10.0, 0.35, 0.10, 0.15, 0.15, 2.0, 0.0, 0.25,
               source=f"Vlemincx; Li & Yackle (9-12 per hour); task {TASK}"),
    _breathing("cardiogenic_l_s", "l/s", "log", 0.006, 0.25, 0.10, 0.10, 0.10, 0.15, 0.0, 0.0, source=ASSUMED),
    # heart rate and its variability
    _heart("heart_rate_bpm", "1/min", "log", 65.0, 0.110, 0.0, 0.040, 0.030, 0.035, 0.0, 0.07, source=QUER),
    _heart("rsa_bpm", "bpm per l, slow breathing", "log", 14.8, 0.42, 0.06, 0.24, 0.22, 0.20, 0.0, -0.15,
           source=f"{HIRSCH} (20 bpm at 1.35 l); spread {UHLIG}"),
    _heart("mayer_bpm", "bpm (SD)", "log", 1.45, 0.34, 0.0, 0.22, 0.20, 0.30, 0.0, -0.20,
           source=f"{VOSS} (rest of SDNN); spread {UHLIG}"),
    _heart("mayer_hz", "Hz", "linear", 0.095, 0.008, 0.0, 0.004, 0.004, 0.012, 0.0, 0.0, source=ASSUMED),
    _heart("slow_bpm", "bpm (SD)", "log", 2.1, 0.32, 0.0, 0.20, 0.18, 0.40, 0.0, -0.10,
           source=f"{VOSS} (rest of SDNN); spread {UHLIG}"),
    _heart("beat_noise_ms", "ms (SD)", "log", 4.0, 0.25, 0.0, 0.10, 0.10, 0.15, 0.0, 0.0, source=ASSUMED),
    _heart("ectopic_per_hour", "1/h", "log", 2.0, 1.00, 0.0, 0.30, 0.30, 3.0, 0.0, 0.0, source=ASSUMED),
    # beat shape (lead II): amplitudes in mV, times from R and widths (SD of the wave) in s
    _heart("p_mv", "mV", "log", 0.12, 0.26, 0.0, 0.14, 0.12, 0.03, 0.0, 0.0, source=ASSUMED),
    _heart("q_mv", "mV", "log", 0.08, 0.38, 0.0, 0.20, 0.16, 0.03, 0.0, 0.0, source=ASSUMED),
    _heart("r_mv", "mV", "log", 1.10, 0.22, 0.0, 0.12, 0.08, 0.02, 0.0, 0.0, source=ASSUMED),
    _heart("s_mv", "mV", "log", 0.22, 0.38, 0.0, 0.20, 0.16, 0.03, 0.0, 0.0, source=ASSUMED),
    _heart("t_mv", "mV", "log", 0.30, 0.26, 0.0, 0.14, 0.12, 0.03, 0.0, -0.08, source=ASSUMED),
    _heart("p_width_s", "s", "log", 0.022, 0.08, 0.0, 0.05, 0.05, 0.02, 0, 0, source=ASSUMED),
    _heart("qrs_width_s", "s", "log", 0.011, 0.07, 0.0, 0.04, 0.03, 0.02, 0, 0, source=ASSUMED),
    _heart("t_width_s", "s", "log", 0.045, 0.08, 0.0, 0.05, 0.04, 0.02, 0, 0, source=ASSUMED),
    _heart("pr_s", "s", "log", 0.155, 0.08, 0.0, 0.03, 0.025, 0.02, 0, 0, source=ASSUMED),
    _heart("rt_s", "s at 60 bpm", "log", 0.27, 0.045, 0.0, 0.02, 0.02, 0.02, 0, 0, source=ASSUMED),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TraitEffect:
    """What one unit of a term (see `eupnea.simulate.people.trait_terms`) adds to a parameter, on its link scale."""

    parameter: str
    term: str
    value: float
    source: str


TRAIT_EFFECTS: tuple[TraitEffect, ...] = (
    TraitEffect("rate_bpm", "age_decades", -0.012, f"{NATARAJAN} (slightly lower with age)"),
    TraitEffect("rate_bpm", "woman_below_50", 0.045, f"{NATARAJAN} (women higher below 50)"),
    TraitEffect("rate_bpm", "bmi_squared", 0.060, f"{NATARAJAN} (U-shaped, minimum near 25)"),
    TraitEffect("tidal_volume_l", "woman", -0.140, ASSUMED),
    TraitEffect("tidal_volume_l", "bmi_tens", -0.060, ASSUMED),
    TraitEffect("duty_cycle", "age_decades", 0.012, ASSUMED),
    TraitEffect("exhale_peak_position", "age_decades", -0.030, ASSUMED),
    TraitEffect("inhale_flatness", "bmi_tens", -0.040, ASSUMED),
    TraitEffect("variability", "above_60", 0.200, f"{TOBIN88} (larger above 60 y)"),
    TraitEffect("memory", "man_above_60", -0.100, f"{PENG} (old men .60)"),
    TraitEffect("heart_rate_bpm", "woman", 0.045, QUER),
    TraitEffect("heart_rate_bpm", "bmi_tens", 0.050, QUER),
    TraitEffect("rsa_bpm", "rmssd_of_age", 1.0, f"{VOSS}; {HIRSCH}"),
    TraitEffect("rsa_bpm", "woman_below_55", 0.060, f"{VOSS} (sex difference gone after 55)"),
    TraitEffect("mayer_bpm", "sdnn_of_age", 1.0, VOSS),
    TraitEffect("mayer_bpm", "woman_below_55", -0.150, f"{VOSS} (sex difference gone after 55)"),
    TraitEffect("slow_bpm", "sdnn_of_age", 1.0, VOSS),
    TraitEffect("beat_noise_ms", "rmssd_of_age", 0.3, ASSUMED),
    TraitEffect("ectopic_per_hour", "age_decades", 0.15, ASSUMED),
    TraitEffect("t_mv", "age_decades", -0.030, ASSUMED),
    TraitEffect("t_mv", "woman", -0.250, ASSUMED),
    TraitEffect("r_mv", "bmi_tens", -0.120, ASSUMED),
    TraitEffect("qrs_width_s", "woman", -0.060, ASSUMED),
    TraitEffect("pr_s", "age_decades", 0.006, ASSUMED),
)

AGE_KNOTS_YEARS = (18.0, 39.5, 49.5, 60.0, 75.0)
"""Ages of the two curves below; the ends are assumed."""
RMSSD_OF_AGE_MS = (48.0, 32.0, 24.0, 22.0, 20.0)
"""35-44: 32, 45-54: 24, 55-65: 22 ms (cohort tables; Voss 2015)."""
SDNN_OF_AGE_MS = (62.0, 49.0, 37.0, 37.0, 33.0)
"""35-44: 49, 45-54: 37, 55-65: 37 ms (cohort tables; Voss 2015)."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A single constant."""

    name: str
    value: float
    unit: str
    source: str
    between_sd: float = float("nan")


_SINGLE: tuple[Constant, ...] = (
    # people
    Constant("age_min", 18, "years", "protocol"),
    Constant("age_max", 75, "years", "protocol"),
    Constant("age_reference", 40, "years", "reference person of the style table"),
    Constant("bmi_reference", 25, "kg/m²", "reference person of the style table"),
    Constant("share_women", 0.5, "share", "protocol"),
    Constant("height_women", 165, "cm", "NCD-RisC, rounded", 6.5),
    Constant("height_men", 178, "cm", "NCD-RisC, rounded", 7.0),
    Constant("bmi", 24.5, "kg/m² (median)", "NCD-RisC, rounded; SD of the logarithm", 0.15),
    Constant("bmi_age_slope", 0.02, "log per decade", ASSUMED),
    Constant("bmi_low", 17, "kg/m²", "protocol"),
    Constant("bmi_high", 42, "kg/m²", "protocol"),
    # breathing through the mouth
    Constant("keeps_nasal_share", 0.5, "share of people", "half of those told to breathe orally keep nasal flow"),
    Constant("kept_nasal_low", 0.2, "share of ventilation", ASSUMED),
    Constant("kept_nasal_high", 0.6, "share of ventilation", ASSUMED),
    Constant("leak_share", 0.02, "share of ventilation through the closed way", ASSUMED),
    # breath to breath
    Constant("inhale_cv", 0.235, "1", f"with exhale_cv gives rate 21 %, Ti/Ttot 18 % of {TOBIN88}"),
    Constant("exhale_cv", 0.255, "1", f"with inhale_cv gives rate 21 %, Ti/Ttot 18 % of {TOBIN88}"),
    Constant("volume_cv", 0.33, "1", f"{TOBIN88}, sighs included"),
    Constant("inhale_exhale_r", 0.33, "correlation", f"from the CVs of rate and Ti/Ttot, {TOBIN88}"),
    Constant("volume_inhale_r", 0.22, "correlation", f"from the CVs of VT and VT/Ti, {TOBIN88}"),
    Constant("volume_exhale_r", 0.40, "correlation", ASSUMED),
    Constant("volume_memory_share", 0.85, "share of variance", f"lag-1 .30 ± .15, {TOBIN95}"),
    Constant("exhale_memory_share", 0.78, "share of variance", f"lag-1 .26 ± .12, {TOBIN95}"),
    Constant("inhale_memory_share", 0.60, "share of variance", f"lag-1 .20 ± .14, {TOBIN95}"),
    Constant("hurst_low", 0.51, "Hurst exponent", "limit"),
    Constant("hurst_high", 0.95, "Hurst exponent", "limit"),
    Constant("level_sd", 0.08, "share of VT", "end-expiratory level, assumed"),
    Constant("level_lag1", 0.7, "1", ASSUMED),
    Constant("shape_jitter", 0.15, "link scale", "breath-to-breath, assumed"),
    Constant("hump_jitter", 0.05, "1", "breath-to-breath, assumed"),
    Constant("hump_limit", 0.4, "1", "limit"),
    Constant("peak_position_low", 0.08, "share of phase", "limit"),
    Constant("peak_position_high", 0.9, "share of phase", "limit"),
    Constant("least_exhaled_share", 0.2, "share of the inspired volume", "limit"),
    Constant("inhale_pause_s", 0.18, "s", ASSUMED),
    Constant("pause_cv", 0.35, "1", ASSUMED),
    Constant("pause_limit", 0.35, "share of the phase", ASSUMED),
    Constant("sigh_low", 2.2, "× VT", "Vlemincx; Li & Yackle (2-5 × VT)"),
    Constant("sigh_high", 4.0, "× VT", "Vlemincx; Li & Yackle (2-5 × VT)"),
    Constant("sigh_inhale_factor", 1.7, "× Ti", ASSUMED),
    Constant("sigh_exhale_factor", 1.5, "× Te", ASSUMED),
    Constant("post_sigh_pause_low", 0.5, "s", ASSUMED),
    Constant("post_sigh_pause_high", 3.0, "s", ASSUMED),
    Constant("sigh_refractory_breaths", 8, "breaths", ASSUMED),
    Constant("break_rate_factor", 0.93, "× rate", ASSUMED),
    Constant("speech_inhale_s", 0.6, "s", ASSUMED),
    Constant("speech_exhale_s", 4.5, "s", ASSUMED),
    Constant("speech_volume_factor", 1.5, "× VT", ASSUMED),
    Constant("speech_ripple", 0.6, "share of flow", ASSUMED),
    Constant("speech_ripple_hz", 3.5, "Hz", "syllable rate, assumed"),
    Constant("task_rate_drift", -0.02, "log per 10 min on task", ASSUMED),
    # heart
    Constant("rsa_corner_per_min", 7.2, "breaths/min", HIRSCH),
    Constant("rsa_roll_off_db", -21, "dB/decade", HIRSCH),
    Constant("rsa_volume_limit_l", 1.2, "l (where it stops being linear)", ASSUMED),
    Constant("rsa_lag_s", 0.4, "s behind lung volume", ASSUMED),
    Constant("heart_grid_hz", 4, "Hz", "numerical"),
    Constant("mayer_bandwidth_hz", 0.012, "Hz", ASSUMED),
    Constant("slow_low_hz", 0.002, "Hz", ASSUMED),
    Constant("slow_high_hz", 0.15, "Hz", ASSUMED),
    Constant("slow_exponent", 1.0, "1/f^x", "1/f, assumed"),
    Constant("heart_rate_low", 35, "bpm", "limit"),
    Constant("heart_rate_high", 190, "bpm", "limit"),
    Constant("ectopic_early", 0.62, "× RR", ASSUMED),
    Constant("ectopic_qrs_factor", 2.4, "× QRS width", ASSUMED),
    Constant("ectopic_amplitude_factor", 1.25, "× QRS amplitude", ASSUMED),
    Constant("t_asymmetry", 1.5, "rise width / fall width", ASSUMED),
    Constant("qs_widths", 2.55, "QRS widths from R to Q and S", ASSUMED),
    Constant("qt_rr_low_s", 0.4, "s (RR that T still follows)", "limit"),
    Constant("qt_rr_high_s", 1.5, "s (RR that T still follows)", "limit"),
    Constant("cardiogenic_lag_s", 0.12, "s", ASSUMED),
    Constant("cardiogenic_width_s", 0.06, "s", ASSUMED),
    Constant("breathing_axis", 0.05, "share of QRS amplitude per VT", ASSUMED),
    # respiration device
    Constant("flow_gain_sd", 0.05, "log, recording to recording", ASSUMED),
    Constant("flow_offset_sd", 0.010, "l/s", ASSUMED),
    Constant("flow_drift_sd", 0.010, "l/s over the recording", ASSUMED),
    Constant("flow_noise", 0.006, "l/s (SD)", ASSUMED, 0.15),
    Constant("flow_rail", 2.5, "l/s", ASSUMED),
    Constant("flow_step", 0.0005, "l/s", "converter, assumed"),
    Constant("tight_rail_probability", 0.05, "share of recordings whose range is set too small", ASSUMED),
    Constant("tight_rail", 1.6, "× usual peak flow", ASSUMED),
    Constant("thermistor_s", 0.35, "s (time constant)", ASSUMED),
    Constant("thermistor_exponent", 0.5, "signal ~ flow^x", ASSUMED),
    Constant("sensor_gain_sd", 0.30, "log, signature of the sensor", ASSUMED),
    Constant("sensor_noise_sd", 0.80, "log, signature of the sensor", ASSUMED),
    Constant("sensor_offset_sd", 0.05, "l/s or mV, signature of the sensor", ASSUMED),
    # ECG device
    Constant("ecg_gain_sd", 0.03, "log, recording to recording", ASSUMED),
    Constant("ecg_noise", 0.012, "mV (SD)", ASSUMED, 0.30),
    Constant("ecg_mains", 0.006, "mV", ASSUMED),
    Constant("ecg_mains_hz", 50, "Hz", "European mains"),
    Constant("ecg_wander", 0.08, "mV (SD)", ASSUMED),
    Constant("ecg_wander_hz", 0.25, "Hz (highest)", ASSUMED),
    Constant("ecg_breathing_wander", 0.10, "mV per l", ASSUMED),
    Constant("ecg_rail", 5.0, "mV", ASSUMED),
    Constant("ecg_step", 0.002, "mV", "converter, assumed"),
    # clocks
    Constant("clock_offset_s", 2.0, "s (largest)", "protocol: two devices"),
    Constant("clock_drift_ppm", 50.0, "ppm (largest)", "crystal oscillators"),
    Constant("trigger_s", 0.1, "s (length of a pulse)", "protocol"),
    Constant("trigger_first_s", 3.0, "s", "protocol"),
    Constant("trigger_burst", 4, "pulses at the start", "protocol"),
    Constant("trigger_burst_low_s", 0.7, "s between them", "protocol"),
    Constant("trigger_burst_high_s", 1.9, "s between them", "protocol"),
    Constant("trigger_every_s", 60.0, "s between later pulses", "protocol"),
    Constant("trigger_spread_s", 15.0, "s (largest deviation)", "protocol"),
    # artefacts
    Constant("motion_per_min_rest", 0.10, "1/min", ASSUMED),
    Constant("motion_per_min_task", 0.25, "1/min", ASSUMED),
    Constant("motion_per_min_break", 2.0, "1/min", ASSUMED),
    Constant("motion_low_s", 0.8, "s", ASSUMED),
    Constant("motion_high_s", 3.0, "s", ASSUMED),
    Constant("motion_flow", 0.35, "l/s (SD)", ASSUMED),
    Constant("motion_ecg", 0.5, "mV (SD)", ASSUMED),
    Constant("motion_hz", 3.0, "Hz (highest)", ASSUMED),
    Constant("dropout_per_min", 0.03, "1/min", ASSUMED),
    Constant("dropout_low_s", 0.3, "s", ASSUMED),
    Constant("dropout_high_s", 4.0, "s", ASSUMED),
    Constant("swallow_per_min_rest", 0.5, "1/min", ASSUMED),
    Constant("swallow_per_min_task", 0.8, "1/min", ASSUMED),
    Constant("swallow_s", 0.7, "s without flow", ASSUMED),
    # protocol of a recording
    Constant("instruction_s", 15.0, "s before rest or task", "protocol"),
    Constant("tail_s", 5.0, "s after the end", "protocol"),
    Constant("block_s", 300.0, "s of task between spoken answers", "protocol"),
    Constant("min_blocks", 2, "blocks", "protocol"),
    Constant("speech_s", 15.0, "s of spoken answer after each block", "protocol"),
    Constant("break_s", 45.0, "s of break in the middle", "protocol"),
    Constant("days_low", 5, "days between sessions", "protocol"),
    Constant("days_high", 10, "days between sessions", "protocol"),
    # mood
    Constant("mood", 50, "points", ASSUMED, 10.0),
    Constant("mood_r", 0.35, "correlation with the breathing of the recording", ASSUMED),
    # oracle
    Constant("oracle_people", 5000, "people", "DESIGN of the study"),
    Constant("oracle_window_s", 60, "s", "DESIGN of the study"),
    Constant("oracle_enrolment_windows", 4, "windows", "usual enrolment of the study"),
    Constant("oracle_max_galleries", 60, "galleries", "numerical"),
)

CONSTANTS: dict[str, float] = {one.name: float(one.value) for one in _SINGLE}
"""Value of every single constant."""

BETWEEN_SD: dict[str, float] = {one.name: one.between_sd for one in _SINGLE if one.between_sd == one.between_sd}
"""Standard deviation between people (or recordings, for noise floors) of those single constants that vary."""


def constants_table() -> pd.DataFrame:
    """Return every constant of the generator: name, value, between_sd, unit, source."""
    import pandas as pd

    rows: list[tuple[str, float, float, str, str]] = []
    for one in STYLE:
        scale = f"{one.unit} ({one.link} scale)"
        rows.append((one.name, one.mean, one.person_sd, f"{one.unit}; SD on the {one.link} scale", one.source))
        for part in ("mode_sd", "day_sd", "recording_sd", "sampling_sd", "oral", "task"):
            rows.append((f"{one.name}: {part}", getattr(one, part), float("nan"), scale, one.source))
    for effect in TRAIT_EFFECTS:
        name = f"{effect.parameter}: {effect.term}"
        rows.append((name, effect.value, float("nan"), "link scale", effect.source))
    for label, curve in (("RMSSD", RMSSD_OF_AGE_MS), ("SDNN", SDNN_OF_AGE_MS)):
        for age, value in zip(AGE_KNOTS_YEARS, curve, strict=True):
            rows.append((f"{label} at {age:g} years", value, float("nan"), "ms", f"{VOSS}; ends assumed"))
    rows += [(one.name, float(one.value), one.between_sd, one.unit, one.source) for one in _SINGLE]
    return pd.DataFrame(rows, columns=["name", "value", "between_sd", "unit", "source"])
