rule traits_modality:
    input:
        windows=rules.features.output.windows,
        recording_features=rules.features.output.recordings,
        recordings=rules.recordings.output.recordings,
        participants=rules.recordings.output.participants,
        targets=rules.recordings.output.targets,
    output:
        predictions=f"{FOLDER}/traits/{{modality}}/predictions.parquet",
        metrics=f"{FOLDER}/traits/{{modality}}/metrics.parquet",
        curves=f"{FOLDER}/traits/{{modality}}/curves.parquet",
    log:
        f"{FOLDER}/logs/traits/{{modality}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/traits/{{modality}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(2000),
    params:
        config=block("traits"),
        seed=STUDY.seed,
        code=code("traits_modality.py"),
    message:
        "Predicting traits from {wildcards.modality}"
    script:
        "../scripts/traits_modality.py"


rule traits:
    input:
        predictions=expand(
            rules.traits_modality.output.predictions, modality=STUDY.traits.modalities
        ),
        metrics=expand(rules.traits_modality.output.metrics, modality=STUDY.traits.modalities),
        curves=expand(rules.traits_modality.output.curves, modality=STUDY.traits.modalities),
    output:
        predictions=f"{FOLDER}/traits/predictions.parquet",
        metrics=f"{FOLDER}/traits/metrics.tsv",
        curves=f"{FOLDER}/traits/curves.parquet",
    log:
        f"{FOLDER}/logs/traits/traits.log",
    benchmark:
        f"{FOLDER}/benchmarks/traits/traits.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        config=block("traits"),
        seed=STUDY.seed,
        code=code("traits.py"),
    message:
        "Comparing what the modalities tell about traits"
    script:
        "../scripts/traits.py"
