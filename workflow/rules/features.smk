rule features_chunk:
    input:
        recordings=rules.recordings_chunk.output.recordings,
        channels=rules.recordings_chunk.output.channels,
        intervals=rules.recordings_chunk.output.intervals,
        respiration=rules.signals.output.respiration,
        cardiac=rules.signals.output.cardiac,
        quality=rules.signals.output.quality,
        breaths=rules.breaths.output.breaths,
        beats=rules.beats.output.beats,
        beat_quality=rules.beats.output.quality,
    output:
        windows=f"{FOLDER}/features/windows-{{chunk}}.parquet",
        recordings=f"{FOLDER}/features/recordings-{{chunk}}.parquet",
        set_aside=f"{FOLDER}/features/set_aside-{{chunk}}.parquet",
    log:
        f"{FOLDER}/logs/features/chunk-{{chunk}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/features/chunk-{{chunk}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(2000),
    params:
        config=block("features"),
        code=code("features_chunk.py"),
    message:
        "Computing features, chunk {wildcards.chunk}"
    script:
        "../scripts/features_chunk.py"


if STUDY.dataset.source == "features":

    rule features:
        input:
            table=PLAN.people,
        output:
            windows=f"{FOLDER}/features/windows.parquet",
            recordings=f"{FOLDER}/features/recordings.parquet",
            set_aside=f"{FOLDER}/features/set_aside.parquet",
            dictionary=f"{FOLDER}/features/dictionary.tsv",
        log:
            f"{FOLDER}/logs/features/features.log",
        benchmark:
            f"{FOLDER}/benchmarks/features/features.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(2000),
        params:
            config=block("dataset"),
            code=code("features_import.py"),
        message:
            "Reading the feature table"
        script:
            "../scripts/features_import.py"

else:

    rule features:
        input:
            windows=expand(rules.features_chunk.output.windows, chunk=CHUNKS),
            recordings=expand(rules.features_chunk.output.recordings, chunk=CHUNKS),
            set_aside=expand(rules.features_chunk.output.set_aside, chunk=CHUNKS),
        output:
            windows=f"{FOLDER}/features/windows.parquet",
            recordings=f"{FOLDER}/features/recordings.parquet",
            set_aside=f"{FOLDER}/features/set_aside.parquet",
            dictionary=f"{FOLDER}/features/dictionary.tsv",
        log:
            f"{FOLDER}/logs/features/features.log",
        benchmark:
            f"{FOLDER}/benchmarks/features/features.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(2000),
        params:
            config=block("features"),
            code=code("features.py"),
        message:
            "Stacking the windows of all participants"
        script:
            "../scripts/features.py"
