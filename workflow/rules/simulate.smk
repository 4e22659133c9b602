rule simulate_dataset:
    output:
        description=f"{FOLDER}/simulate/dataset/dataset_description.json",
        participants=f"{FOLDER}/simulate/dataset/participants.tsv",
    log:
        f"{FOLDER}/logs/simulate/dataset.log",
    benchmark:
        f"{FOLDER}/benchmarks/simulate/dataset.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(500),
    params:
        config=block("simulate"),
        seed=STUDY.seed,
        code=code("simulate_dataset.py"),
    message:
        "Simulating who takes part"
    script:
        "../scripts/simulate_dataset.py"


rule simulate_chunk:
    input:
        description=rules.simulate_dataset.output.description,
    output:
        files=f"{FOLDER}/simulate/files-{{chunk}}.tsv",
        truth=f"{FOLDER}/simulate/truth-{{chunk}}.parquet",
    log:
        f"{FOLDER}/logs/simulate/chunk-{{chunk}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/simulate/chunk-{{chunk}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        config=block("simulate"),
        seed=STUDY.seed,
        participants=participants_of_chunk,
        code=code("simulate_chunk.py"),
    message:
        "Simulating recordings, chunk {wildcards.chunk}"
    script:
        "../scripts/simulate_chunk.py"


rule simulate_oracle:
    output:
        oracle=f"{FOLDER}/simulate/oracle.tsv",
    log:
        f"{FOLDER}/logs/simulate/oracle.log",
    benchmark:
        f"{FOLDER}/benchmarks/simulate/oracle.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        config=block("simulate"),
        seed=STUDY.seed,
        code=code("simulate_oracle.py"),
    message:
        "Computing what a perfect observer of the simulated people could tell"
    script:
        "../scripts/simulate_oracle.py"
