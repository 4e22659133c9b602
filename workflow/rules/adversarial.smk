rule adversarial_analysis:
    input:
        windows=rules.features.output.windows,
        dictionary=rules.features.output.dictionary,
        recordings=rules.recordings.output.recordings,
        participants=rules.recordings.output.participants,
    output:
        predictions=f"{FOLDER}/adversarial/{{analysis}}-{{modality}}/predictions.parquet",
        metrics=f"{FOLDER}/adversarial/{{analysis}}-{{modality}}/metrics.parquet",
        curves=f"{FOLDER}/adversarial/{{analysis}}-{{modality}}/curves.parquet",
    log:
        f"{FOLDER}/logs/adversarial/{{analysis}}-{{modality}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/adversarial/{{analysis}}-{{modality}}.tsv"
    wildcard_constraints:
        analysis="age_models|invariance",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(2000),
    params:
        config=block("adversarial"),
        seed=STUDY.seed,
        code=code("adversarial_analysis.py"),
    message:
        "Attacking age models: {wildcards.analysis} from {wildcards.modality}"
    script:
        "../scripts/adversarial_analysis.py"


if HAS_SIGNALS:

    rule adversarial_signal:
        input:
            windows=rules.features.output.windows,
            participants=rules.recordings.output.participants,
            recordings=expand(rules.recordings_chunk.output.recordings, chunk=CHUNKS),
            channels=expand(rules.recordings_chunk.output.channels, chunk=CHUNKS),
            intervals=expand(rules.recordings_chunk.output.intervals, chunk=CHUNKS),
            dataset=sorted({path for files in PLAN.files for path in files}),
        output:
            predictions=f"{FOLDER}/adversarial/signal/predictions.parquet",
            metrics=f"{FOLDER}/adversarial/signal/metrics.parquet",
            curves=f"{FOLDER}/adversarial/signal/curves.parquet",
        log:
            f"{FOLDER}/logs/adversarial/signal.log",
        benchmark:
            f"{FOLDER}/benchmarks/adversarial/signal.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(2000),
        params:
            dataset=PLAN.dataset,
            blocks={
                name: block(name)
                for name in (
                    "recordings",
                    "signals",
                    "breaths",
                    "beats",
                    "features",
                    "adversarial",
                )
            },
            seed=STUDY.seed,
            code=code("adversarial_signal.py"),
        message:
            "Disturbing recordings, and predicting age from them"
        script:
            "../scripts/adversarial_signal.py"

    rule adversarial_series:
        input:
            windows=rules.features.output.windows,
            participants=rules.recordings.output.participants,
            respiration=expand(rules.signals.output.respiration, chunk=CHUNKS),
            beats=expand(rules.beats.output.beats, chunk=CHUNKS),
        output:
            predictions=f"{FOLDER}/adversarial/series/predictions.parquet",
            metrics=f"{FOLDER}/adversarial/series/metrics.parquet",
            curves=f"{FOLDER}/adversarial/series/curves.parquet",
        log:
            f"{FOLDER}/logs/adversarial/series.log",
        benchmark:
            f"{FOLDER}/benchmarks/adversarial/series.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(3000),
        params:
            config=block("adversarial"),
            seed=STUDY.seed,
            code=code("adversarial_series.py"),
        message:
            "Training networks on respiration and RR series"
        script:
            "../scripts/adversarial_series.py"


FROM_RECORDINGS = [
    name
    for name, is_wanted in (
        ("signal", HAS_SIGNALS),
        ("series", HAS_SIGNALS and STUDY.adversarial.models == "thorough"),
    )
    if is_wanted
]


rule adversarial:
    input:
        predictions=[
            *expand(
                rules.adversarial_analysis.output.predictions,
                analysis=["age_models", "invariance"],
                modality=STUDY.adversarial.modalities,
            ),
            *expand(f"{FOLDER}/adversarial/{{kind}}/predictions.parquet", kind=FROM_RECORDINGS),
        ],
        metrics=[
            *expand(
                rules.adversarial_analysis.output.metrics,
                analysis=["age_models", "invariance"],
                modality=STUDY.adversarial.modalities,
            ),
            *expand(f"{FOLDER}/adversarial/{{kind}}/metrics.parquet", kind=FROM_RECORDINGS),
        ],
        curves=[
            *expand(
                rules.adversarial_analysis.output.curves,
                analysis=["age_models", "invariance"],
                modality=STUDY.adversarial.modalities,
            ),
            *expand(f"{FOLDER}/adversarial/{{kind}}/curves.parquet", kind=FROM_RECORDINGS),
        ],
    output:
        predictions=f"{FOLDER}/adversarial/predictions.parquet",
        metrics=f"{FOLDER}/adversarial/metrics.tsv",
        curves=f"{FOLDER}/adversarial/curves.parquet",
    log:
        f"{FOLDER}/logs/adversarial/adversarial.log",
    benchmark:
        f"{FOLDER}/benchmarks/adversarial/adversarial.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1000),
    params:
        code=code("adversarial.py"),
    message:
        "Stacking the results on robust and blind age models"
    script:
        "../scripts/adversarial.py"
