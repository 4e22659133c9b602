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


rule adversarial:
    input:
        predictions=expand(
            rules.adversarial_analysis.output.predictions,
            analysis=["age_models", "invariance"],
            modality=STUDY.adversarial.modalities,
        ),
        metrics=expand(
            rules.adversarial_analysis.output.metrics,
            analysis=["age_models", "invariance"],
            modality=STUDY.adversarial.modalities,
        ),
        curves=expand(
            rules.adversarial_analysis.output.curves,
            analysis=["age_models", "invariance"],
            modality=STUDY.adversarial.modalities,
        ),
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
