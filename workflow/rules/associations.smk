rule associations:
    input:
        windows=rules.features.output.windows,
        recordings=rules.features.output.recordings,
        dictionary=rules.features.output.dictionary,
        participants=rules.recordings.output.participants,
    output:
        metrics=f"{FOLDER}/associations/metrics.tsv",
    log:
        f"{FOLDER}/logs/associations/associations.log",
    benchmark:
        f"{FOLDER}/benchmarks/associations/associations.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        config=block("associations"),
        code=code("associations.py"),
    message:
        "Measuring reliability, and what mode, task, age, sex and BMI do to each feature"
    script:
        "../scripts/associations.py"
