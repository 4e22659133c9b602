rule beats:
    input:
        cardiac=rules.signals.output.cardiac,
        quality=rules.signals.output.quality,
    output:
        beats=f"{FOLDER}/beats/chunk-{{chunk}}.parquet",
        quality=f"{FOLDER}/beats/quality-{{chunk}}.parquet",
    log:
        f"{FOLDER}/logs/beats/chunk-{{chunk}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/beats/chunk-{{chunk}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        config=block("beats"),
        code=code("beats.py"),
    message:
        "Finding heartbeats, chunk {wildcards.chunk}"
    script:
        "../scripts/beats.py"
