"""The results contract: every table that a stage hands to another, column by column.

The data dictionary in the documentation is made from these definitions, and every writer and reader goes through
them, so that a column cannot change its name or type in one place only.
"""

from __future__ import annotations

from eupnea.io.columns import TableContract, columns_of

KEYS = columns_of(
    "string",
    recording="name of the recording: sub-…[_ses-…][_task-…][_acq-<mode>][_run-…]",
    participant="participant label with its prefix: sub-01",
    session="session label with its prefix (ses-1), empty when there is one session only",
    mode="breathing mode: nasal, oral, or empty when the dataset does not tell",
    task="rest, or the task's own name",
    run="run label without prefix, empty when there is one run only",
)

RECORDINGS = TableContract(
    "recordings",
    (
        *KEYS,
        *columns_of("integer", chunk="chunk of participants that the recording is worked on in"),
        *columns_of(
            "string",
            signals="kinds of the signals that can be used, separated by commas",
            sites="where they were measured, in the same order",
        ),
        *columns_of(
            "float",
            duration_s="found length of the recording, s",
            declared_s="length that the dataset declares, s",
            used_s="seconds that the windows may use",
            excluded_s="seconds excluded by events",
            sampling_hz="sampling rate of the respiration (else of the first signal), Hz",
        ),
        *columns_of("string", sync_method="one_file, trigger, declared, common_signal, or not_aligned"),
        *columns_of(
            "float",
            sync_offset_s="start of the cardiac device's clock on the respiration's clock, s",
            sync_offset_se_s="standard error of the offset, s",
            sync_drift_ppm="rate of the cardiac clock against the respiration's, parts per million",
            sync_drift_se_ppm="standard error of the drift, ppm",
            day="days since the participant's first session",
        ),
        *columns_of(
            "string",
            status="used, or set_aside",
            reason="why it was set aside, or what is noteworthy about a used one",
        ),
    ),
)

CHANNELS = TableContract(
    "channels",
    (
        *columns_of(
            "string",
            recording="name of the recording",
            signal="name of the signal, unique in the recording",
            kind="airflow, nasal_pressure, thermistor, belt, co2, ecg, ppg, rr, heart_rate",
            site="nasal, oral, oronasal, nasal_left, nasal_right, chest, abdomen, finger, wrist, or empty",
            unit="unit of the samples, 'au' when the file tells none",
            polarity="up (inspiration goes up), down, or auto (estimated)",
            file="path relative to the dataset folder",
            format="name of the reader",
            channel="name of the channel in the file",
            clock="name of the device's clock; signals of one clock share their time base",
            samples="digest of the samples: equal samples are one recording, whatever their files are called",
        ),
        *columns_of(
            "float",
            sampling_hz="sampling rate, Hz; missing for unevenly sampled series",
            start_s="time of the first sample on its own clock, s",
            offset_s="offset of the own clock: recording time = own time / (1 + drift_ppm / 1e6) + offset_s, s",
            drift_ppm="how much faster the own clock runs than the recording's clock, ppm",
        ),
        *columns_of(
            "string",
            status="used, set_aside, or derived (not in a file: made of others at the stage signals)",
            reason="why it was set aside, or what it is made of",
        ),
    ),
)

INTERVALS = TableContract(
    "intervals",
    (
        *columns_of("string", recording="name of the recording"),
        *columns_of("float", onset_s="start on the recording's clock, s", duration_s="length, s"),
        *columns_of(
            "string",
            role="use (windows must lie inside), exclude (windows must not touch), block (windows carry the label)",
            label="block: what the event file calls it; else what the pattern that found it has in brackets",
        ),
    ),
)

RESPIRATION = TableContract(
    "respiration signals",
    (
        *columns_of("string", recording="name of the recording", signal="name of the signal"),
        *columns_of("float", time_s="time on the recording's clock, s"),
        *columns_of(
            "float32",
            detection="cleaned signal, inspiration up, in the wider band that breaths are detected in, au",
            breathing="the same limited to the breathing band of its kind: what features are computed from, au",
            above="what lies above the breathing band: only controls may use it, au",
        ),
        *columns_of("boolean", is_valid="false in gaps, bridged stretches, clipping, motion"),
    ),
    samples=2**16,
)

CARDIAC = TableContract(
    "cardiac signals",
    (
        *columns_of(
            "string", recording="name of the recording", signal="name of the signal", kind="ecg, ppg, rr, heart_rate"
        ),
        *columns_of(
            "float",
            sampling_hz="sampling rate on the recording's clock, Hz; missing for uneven series",
            start_s="time of the first sample on the recording's clock, s",
        ),
        *columns_of(
            "list",
            values="samples (float32): mV or au, rr in ms, heart_rate in bpm",
            times_s="times (float64) of uneven series on the recording's clock, s; empty for even ones",
        ),
    ),
    samples=2,
)

QUALITY = TableContract(
    "quality",
    (
        *columns_of(
            "string", recording="name of the recording", signal="name of the signal", kind="kind of the signal"
        ),
        *columns_of(
            "float",
            start_s="start of the epoch, s",
            duration_s="length of the epoch, s",
            flat_share="share of samples in flat stretches",
            clipped_share="share of samples at the rails",
            gap_share="share of samples missing",
            motion_share="share of samples in motion artefacts",
            out_of_band_share="share of power outside the band where physiology lives",
            offset_au="median of the raw signal",
            scale_au="standard deviation of the raw signal",
            noise_au="noise floor beyond the physiological band",
            quantisation_au="smallest step between two different raw values",
        ),
        *columns_of("boolean", is_usable="whether windows may use the epoch"),
        *columns_of("string", reason="why not"),
    ),
)

BREATHS = TableContract(
    "breaths",
    (
        *columns_of("string", recording="name of the recording", signal="name of the signal"),
        *columns_of("integer", breath="number of the breath in the signal, from 0"),
        *columns_of(
            "float",
            inhale_onset_s="start of inspiratory flow, s",
            inhale_end_s="end of inspiratory flow (start of the inhale pause if there is one), s",
            exhale_onset_s="start of expiratory flow, s",
            exhale_end_s="end of expiratory flow (start of the exhale pause if there is one), s",
            end_s="start of the next inspiration, s",
            inhale_s="inspiratory time Ti: exhale_onset_s - inhale_onset_s, s",
            exhale_s="expiratory time Te: end_s - exhale_onset_s, s",
            total_s="breath duration Ttot, s",
            inhale_pause_s="pause after inspiration, s; 0 when there is none",
            exhale_pause_s="pause after expiration, s; 0 when there is none",
            duty_cycle="Ti / Ttot",
            inhale_peak_au="peak inspiratory flow (belt: peak of the derivative), au",
            inhale_peak_time_s="when, s",
            exhale_peak_au="peak expiratory flow, positive, au",
            exhale_peak_time_s="when, s",
            inhale_volume_au="inspired volume: flow integrated, or belt amplitude, au",
            exhale_volume_au="expired volume, au",
        ),
        *columns_of("boolean", is_sigh="volume far above the running median"),
        *columns_of("float", post_sigh_pause_s="pause after a sigh, s; missing for other breaths"),
        *columns_of("boolean", is_valid="whether the breath may enter features"),
        *columns_of(
            "string",
            onset_rule="what its onsets were read from: first_flow, in more noise later_flow; of belts typical_breath",
            reason="why not valid",
        ),
    ),
)

BEATS = TableContract(
    "beats",
    (
        *columns_of("string", recording="name of the recording", signal="name of the signal"),
        *columns_of("integer", beat="number of the beat in the signal, from 0"),
        *columns_of(
            "float",
            time_s="time of the R peak (ECG) or of the pulse's foot (PPG), s",
            rr_ms="interval from the beat before, as found, ms",
            rr_corrected_ms="interval after artefact correction, ms; missing where it cannot be known",
            amplitude_au="R amplitude or pulse height, au",
        ),
        *columns_of("string", artefact="normal, ectopic, missed, extra, long_short"),
        *columns_of("boolean", is_valid="whether the interval may enter variability features"),
        *columns_of(
            "float",
            p_onset_s="start of the P wave (ECG), on the mean of the beat and those like it beside it, s",
            p_peak_s="its peak, s",
            p_end_s="its end, s",
            qrs_onset_s="start of the QRS complex, s",
            qrs_end_s="its end, s",
            t_peak_s="peak of the T wave, s",
            t_end_s="its end, s",
        ),
        *columns_of("string", waves_reason="why waves are missing"),
    ),
    extra=True,
)

BEAT_QUALITY = TableContract(
    "beat quality",
    (
        *columns_of("string", recording="name of the recording", signal="name of the signal"),
        *columns_of("float", start_s="start of the epoch of the quality table, s", duration_s="its length, s"),
        *columns_of("integer", n_beats="beats in the epoch"),
        *columns_of(
            "float",
            rate_bpm="60000 / median corrected interval, beats per minute",
            corrected_share="share of beats whose interval is an artefact",
            unknown_share="share of the epoch that lies between no two beats known to follow each other",
            similarity="median correlation of its beats with the median beat around them",
        ),
        *columns_of("boolean", is_plausible="whether windows may use the heart of this epoch"),
        *columns_of("string", reason="why not: missing (beats), rate, corrected, unlike (each other)"),
    ),
)

WINDOWS = TableContract(
    "windows",
    (
        *KEYS,
        *columns_of("float", start_s="start of the window, s", window_s="length of the window, s"),
        *columns_of("string", block="label of the block the window lies in"),
        *columns_of(
            "float",
            time_on_task_s="time since the recording's (or block's) first used second, s",
            quality="share of usable epochs of the respiration (else cardiac) signal",
            cardiac_quality="share of usable epochs of the cardiac signal, beats plausible; missing without one",
        ),
    ),
    extra=True,
)

RECORDING_FEATURES = TableContract("recording features", KEYS, extra=True)

DICTIONARY = TableContract(
    "feature dictionary",
    (
        *columns_of(
            "string",
            name="column name: <modality>__<family>__<name>",
            modality="respiration, cardiac, coupling, device, cardiogenic",
            family="group inside the modality",
            unit="unit; 1 for none",
        ),
        *columns_of("boolean", amplitude_free="whether gain and offset of the sensor cannot change it"),
        *columns_of("string", comparable_kinds="kinds of sensors across which it means the same, separated by commas"),
        *columns_of(
            "float",
            min_breaths="breaths needed, else missing",
            min_duration_s="seconds needed, else missing",
        ),
        *columns_of(
            "string", level="window or recording", definition="what it is", source="where the definition is from"
        ),
    ),
)

SCORES = TableContract(
    "identification scores",
    (
        *columns_of("string", protocol="name of the protocol", modality="group of features", model="name of the model"),
        *columns_of("float", window_s="length of a window, s", enrolment_s="seconds of enrolment per person"),
        *columns_of(
            "string",
            level="window, recording, or fused",
            fold="name of the fold",
            control="none, or the name of the control",
            recording="probe recording",
        ),
        *columns_of("float", start_s="start of the probe window, s"),
        *columns_of("string", probe_participant="whose probe it is", claimed="the enrolled person it is compared with"),
        *columns_of(
            "boolean",
            is_enrolled="whether the probe person is enrolled at all",
            genuine="whether claimed is the probe person",
        ),
        *columns_of("float", score="similarity: higher is more alike"),
    ),
)

FAILURES = TableContract(
    "failures",
    columns_of("string", participant="participant", recording="recording", reason="why nothing could be acquired"),
)

_PREDICTION_KEYS = (
    *columns_of("string", participant="participant", recording="recording, empty for participant-level targets"),
    *columns_of("integer", repeat="repeat of the cross-validation"),
    *columns_of(
        "string",
        target="what is predicted",
        level="participant, session, recording",
        modality="group of features",
        model="name of the model",
        fold="name of the fold",
    ),
    *columns_of(
        "float",
        y_true="true value; class index for classes",
        y_pred="prediction for somebody not seen in training",
        y_pred_corrected="bias-corrected in the training folds",
        y_low="lower end of the conformal interval",
        y_high="upper end",
    ),
    *columns_of("string", **{"class": "true class, empty for numbers"}),
    *columns_of("float", probability="predicted probability of the positive (or true) class", n_windows="windows used"),
)

TRAIT_PREDICTIONS = TableContract("trait predictions", _PREDICTION_KEYS)

ADVERSARIAL_PREDICTIONS = TableContract(
    "adversarial predictions",
    (
        *_PREDICTION_KEYS,
        *columns_of("string", norm="2, inf, or empty"),
        *columns_of("float", epsilon="size of the perturbation, in standard deviations of the features"),
        *columns_of("string", attack="name of the attack"),
        *columns_of("boolean", attack_is_exact="false: the curve is a lower bound of the damage"),
        *columns_of("string", nuisance="what the model is made blind to"),
        *columns_of("float", strength="strength of the removal"),
    ),
)

METRICS = TableContract(
    "metrics",
    (
        *columns_of(
            "string",
            analysis="identification, verification, open_set, control, comparison, traits, adversarial, invariance, "
            "reliability, mixed_model",
            protocol="name of the protocol of identification",
            target="trait",
            level="window, recording, fused, participant, session",
            modality="group of features",
            family="family of features",
            feature="feature",
            term="term of a mixed model",
            model="name of the model; 'selected' is the headline",
            control="name of the control, empty for the result itself",
            comparator="what it is compared with",
        ),
        *columns_of(
            "float",
            window_s="length of a window, s",
            enrolment_s="seconds of enrolment per person",
            probe_s="seconds of signal per decision",
            gallery_size="enrolled people",
        ),
        *columns_of("string", subset="part of the people or recordings", norm="norm of the perturbation"),
        *columns_of("float", epsilon="size of the perturbation"),
        *columns_of("string", attack="name of the attack", nuisance="what the model is made blind to"),
        *columns_of("float", strength="strength of the removal"),
        *columns_of("string", metric="name of the number"),
        *columns_of(
            "float",
            value="the number",
            se="standard error",
            ci_low="lower end of the 95 % interval",
            ci_high="upper end",
            p_value="p-value",
            p_adjusted="p-value corrected for its family",
        ),
        *columns_of("string", correction="how it was corrected, and over which family"),
        *columns_of(
            "float",
            n_permutations="permutations behind the p-value",
            chance="mean of the permutation distribution",
            n_participants="participants",
            n_recordings="recordings",
            n_observations="windows, breaths or rows",
        ),
        *columns_of(
            "string",
            status="ok, not_answerable, or not_supported (too few data for this number)",
            reason="why, when the value is empty; else how it was made, where that is not said by the other columns",
        ),
    ),
)

CONTRACTS = (
    RECORDINGS,
    CHANNELS,
    INTERVALS,
    RESPIRATION,
    CARDIAC,
    QUALITY,
    BREATHS,
    BEATS,
    WINDOWS,
    RECORDING_FEATURES,
    DICTIONARY,
    SCORES,
    FAILURES,
    TRAIT_PREDICTIONS,
    ADVERSARIAL_PREDICTIONS,
    METRICS,
)
