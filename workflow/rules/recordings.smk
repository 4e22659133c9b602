if PLAN.missing:

    rule recordings_download:
        output:
            files=PLAN.missing,
        log:
            f"{FOLDER}/logs/recordings/download.log",
        benchmark:
            f"{FOLDER}/benchmarks/recordings/download.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(500),
        params:
            dataset=PLAN.dataset,
            code=code("recordings_download.py"),
        message:
            "Downloading the dataset"
        script:
            "../scripts/recordings_download.py"


rule recordings_chunk:
    input:
        dataset=dataset_of_chunk,
    output:
        recordings=f"{FOLDER}/recordings/chunk-{{chunk}}/recordings.parquet",
        channels=f"{FOLDER}/recordings/chunk-{{chunk}}/channels.parquet",
        intervals=f"{FOLDER}/recordings/chunk-{{chunk}}/intervals.parquet",
        findings=f"{FOLDER}/recordings/chunk-{{chunk}}/findings.parquet",
    log:
        f"{FOLDER}/logs/recordings/chunk-{{chunk}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/recordings/chunk-{{chunk}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        participants=participants_of_chunk,
        dataset=PLAN.dataset,
        config=block("recordings"),
        code=code("recordings_chunk.py"),
    message:
        "Reading and checking recordings, chunk {wildcards.chunk}"
    script:
        "../scripts/recordings_chunk.py"


if STUDY.dataset.source == "features":

    rule recordings:
        input:
            table=PLAN.people,
        output:
            recordings=f"{FOLDER}/recordings/recordings.tsv",
            participants=f"{FOLDER}/recordings/participants.tsv",
            targets=f"{FOLDER}/recordings/targets.parquet",
            findings=f"{FOLDER}/recordings/findings.tsv",
            intervals=f"{FOLDER}/recordings/intervals.parquet",
        log:
            f"{FOLDER}/logs/recordings/recordings.log",
        benchmark:
            f"{FOLDER}/benchmarks/recordings/recordings.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(1000),
        params:
            config=block("dataset"),
            code=code("recordings_import.py"),
        message:
            "Listing the people of the feature table"
        script:
            "../scripts/recordings_import.py"

else:

    rule recordings:
        input:
            recordings=expand(rules.recordings_chunk.output.recordings, chunk=CHUNKS),
            channels=expand(rules.recordings_chunk.output.channels, chunk=CHUNKS),
            intervals=expand(rules.recordings_chunk.output.intervals, chunk=CHUNKS),
            findings=expand(rules.recordings_chunk.output.findings, chunk=CHUNKS),
            people=PLAN.people,
        output:
            recordings=f"{FOLDER}/recordings/recordings.tsv",
            participants=f"{FOLDER}/recordings/participants.tsv",
            targets=f"{FOLDER}/recordings/targets.parquet",
            findings=f"{FOLDER}/recordings/findings.tsv",
            intervals=f"{FOLDER}/recordings/intervals.parquet",
        log:
            f"{FOLDER}/logs/recordings/recordings.log",
        benchmark:
            f"{FOLDER}/benchmarks/recordings/recordings.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(500),
        params:
            dataset=PLAN.dataset,
            config=block("recordings"),
            code=code("recordings.py"),
        message:
            "Listing recordings and participants"
        script:
            "../scripts/recordings.py"
