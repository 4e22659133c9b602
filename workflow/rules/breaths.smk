rule breaths:
    input:
        respiration=rules.signals.output.respiration,
        channels=rules.recordings_chunk.output.channels,
    output:
        breaths=f"{FOLDER}/breaths/chunk-{{chunk}}.parquet",
    log:
        f"{FOLDER}/logs/breaths/chunk-{{chunk}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/breaths/chunk-{{chunk}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1000),
    params:
        config=block("breaths"),
        code=code("breaths.py"),
    message:
        "Finding breaths, chunk {wildcards.chunk}"
    script:
        "../scripts/breaths.py"
