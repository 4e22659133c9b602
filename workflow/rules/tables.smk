from eupnea.tables.registry import TABLES


rule tables:
    input:
        metrics=f"{FOLDER}/metrics.tsv",
        recordings=list(rules.recordings.output),
        dictionary=rules.features.output.dictionary,
        oracle=rules.simulate_oracle.output.oracle if STUDY.dataset.source == "simulated" else [],
    output:
        tables=[
            shown_table(name) if suffix == "tsv" else f"{FOLDER}/tables/{name}.{suffix}"
            for name in TABLES
            for suffix in ["tex", "tsv"]
        ],
        numbers=f"{FOLDER}/numbers.tex",
        methods=f"{FOLDER}/methods.tex",
        references=f"{FOLDER}/references.bib",
    log:
        f"{FOLDER}/logs/tables/tables.log",
    benchmark:
        f"{FOLDER}/benchmarks/tables/tables.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1000),
    params:
        config=block("tables"),
        study=STUDY.model_dump(mode="json", exclude={"results", "chunks"}),
        code=code("tables.py"),
    message:
        "Writing tables and numbers for the thesis"
    script:
        "../scripts/tables.py"


rule tables_chapter:
    input:
        captions=expand("{folder}/figures/captions-{stage}.tsv", folder=FOLDER, stage=FIGURES),
        oracle=rules.simulate_oracle.output.oracle if STUDY.dataset.source == "simulated" else [],
    output:
        captions=f"{FOLDER}/thesis/captions.tex",
        example=f"{FOLDER}/thesis/example.tex",
    log:
        f"{FOLDER}/logs/tables/chapter.log",
    benchmark:
        f"{FOLDER}/benchmarks/tables/chapter.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(500),
    params:
        code=code("tables_chapter.py"),
    message:
        "Writing the example chapter"
    script:
        "../scripts/tables_chapter.py"
