rule signals:
    input:
        dataset=dataset_of_chunk,
        channels=rules.recordings_chunk.output.channels,
        intervals=rules.recordings_chunk.output.intervals,
    output:
        respiration=f"{FOLDER}/signals/chunk-{{chunk}}.parquet",
        cardiac=f"{FOLDER}/signals/cardiac-{{chunk}}.parquet",
        quality=f"{FOLDER}/signals/quality-{{chunk}}.parquet",
        notes=f"{FOLDER}/signals/notes-{{chunk}}.parquet",
    log:
        f"{FOLDER}/logs/signals/chunk-{{chunk}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/signals/chunk-{{chunk}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(2000),
    params:
        dataset=PLAN.dataset,
        recordings=block("recordings"),
        config=block("signals"),
        code=code("signals.py"),
    message:
        "Cleaning signals, chunk {wildcards.chunk}"
    script:
        "../scripts/signals.py"
