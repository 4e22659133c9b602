"""Constants of beat detection, with unit and source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EcgPreset:
    """What the detector of R peaks assumes about an ECG.

    Attributes
    ----------
    band_hz
        Band in which the QRS complex is refined: the energy of the QRS lies at 5-15 Hz (Pan & Tompkins 1985), its
        sharp tip reaches higher.
    order
        Order of the Butterworth filter, run forth and back.
    mains_hz
        Mains of the world, notched out: they would move the tip.
    refine_s
        How far the tip may lie from the coarse detection.
    wave_s, wave_height
        Of two detections closer than this, one lower than this share of the other is a P or T wave (Pan & Tompkins
        1985: 360 ms, half the slope).
    speck_beats, speck_height, speck_similarity
        A detection lower than this share of the median height of so many around it, and less similar to the median
        beat than this, is noise (assumed).
    pad_s
        Signal mirrored at both ends, so that the first and last beat are found as surely as any other.
    template_s
        Half the width of the piece around R that a beat is compared with the average in.
    search_back
        Intervals longer than this many median ones are searched for complexes like the median one (Pan & Tompkins
        1985 search back at 1.66).
    search_likeness, search_size
        Least correlation with the median complex, and its size against the median size, of one found so (assumed).
    """

    band_hz: tuple[float, float] = (5.0, 40.0)
    order: int = 2
    mains_hz: tuple[float, ...] = (50.0, 60.0)
    refine_s: float = 0.12
    wave_s: float = 0.36
    wave_height: float = 0.4
    speck_beats: int = 15
    speck_height: float = 0.45
    speck_similarity: float = 0.8
    pad_s: float = 2.0
    template_s: float = 0.1
    search_back: float = 1.66
    search_likeness: float = 0.8
    search_size: tuple[float, float] = (0.4, 2.5)


@dataclass(frozen=True, slots=True)
class PpgPreset:
    """What the detector of pulses assumes about a photoplethysmogram.

    Attributes
    ----------
    band_hz
        Band of the pulse wave: 0.5-8 Hz holds the fundamental and the harmonics that shape the foot (Elgendi 2013).
    rate_window_s
        Window in which the local heart rate is estimated; it shifts by half of it.
    block_s, blocks
        The upstroke's steepness is compared with the running median, over so many blocks, of its root mean square in
        blocks of so many seconds: a change of gain misses no pulse, and a jerk of the finger changes no threshold.
    min_steepness
        Least steepness of an upstroke against the local root mean square of the derivative.
    refractory
        Least distance of two pulses as a share of the local period: a dicrotic wave comes before it.
    alike_steepness, alike_refractory
        Upstrokes of at least this share of the other's steepness are both pulses from this share of that distance on
        (assumed: a dicrotic wave rises less steeply).
    rise_s
        Longest time from foot to steepest point, and from there to the peak.
    template_s
        Piece after the steepest point that a pulse is compared with the average in (as much again before it).
    """

    band_hz: tuple[float, float] = (0.5, 8.0)
    order: int = 2
    rate_window_s: float = 8.0
    block_s: float = 2.0
    blocks: int = 5
    min_steepness: float = 0.6
    refractory: float = 0.6
    alike_steepness: float = 0.7
    alike_refractory: float = 0.5
    rise_s: float = 0.35
    template_s: float = 0.25


@dataclass(frozen=True, slots=True)
class ArtefactPreset:
    """Thresholds of the classification of intervals by Lipponen & Tarvainen (2019).

    Attributes
    ----------
    alpha, quartile_window
        A threshold is alpha quartile deviations of the surrounding `quartile_window` intervals.
    median_window
        Intervals whose median an interval is compared with.
    slope, offset
        The line in the plane of successive differences that parts ectopic beats from the others.
    median_limit
        Deviation from the local median, in thresholds, that is too long or too short whatever its neighbours are.
    floor_ms
        Least threshold: with a metronomic heart the jitter of the sampling must not become artefacts (assumed).
    max_missed
        Most beats missed in one interval that are still divided out (assumed).
    """

    alpha: float = 5.2
    quartile_window: int = 91
    median_window: int = 11
    slope: float = 0.13
    offset: float = 0.17
    median_limit: float = 3.0
    floor_ms: float = 20.0
    max_missed: int = 3


@dataclass(frozen=True, slots=True)
class WavesPreset:
    """On which beats the waves of an ECG are told.

    Attributes
    ----------
    band_hz, order, mains_hz
        Monitoring bandwidth (Kligfield et al. 2007), order of the Butterworth filter, mains that are notched out.
    lowest_hz
        Slowest sampling that carries the waves, Hz (assumed).
    min_similarity
        Least correlation with the median beat of a beat that is averaged (assumed).
    reach, min_beats
        Beats before and after that are averaged with a beat, and how many of them there must be (assumed): noise falls
        to a third, and what changes within ten seconds is still seen.
    """

    band_hz: tuple[float, float] = (0.5, 40.0)
    order: int = 2
    mains_hz: tuple[float, ...] = (50.0, 60.0)
    lowest_hz: float = 100.0
    min_similarity: float = 0.7
    reach: int = 4
    min_beats: int = 5


ECG = EcgPreset()
ECG_WAVES = WavesPreset()
PPG = PpgPreset()
ARTEFACTS = ArtefactPreset()
