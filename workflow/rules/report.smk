NOTEBOOKS = sorted(path.stem for path in (SCRIPTS.parents[1] / "notebooks").glob("*.ipynb"))
ALL_SCRIPTS = sorted(path.name for path in SCRIPTS.glob("*.py"))


rule report_metrics:
    input:
        metrics=[
            rules.identification.output.metrics,
            rules.traits.output.metrics,
            rules.adversarial.output.metrics,
            rules.associations.output.metrics,
        ],
    output:
        metrics=f"{FOLDER}/metrics.tsv",
    log:
        f"{FOLDER}/logs/report/metrics.log",
    benchmark:
        f"{FOLDER}/benchmarks/report/metrics.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(500),
    params:
        code=code("report_metrics.py"),
    message:
        "Putting all numbers into one table"
    script:
        "../scripts/report_metrics.py"


rule report_manifest:
    input:
        files=PLAN.all_files,
        recordings=rules.recordings.output.recordings,
    output:
        manifest=f"{FOLDER}/manifest.json",
    log:
        f"{FOLDER}/logs/report/manifest.log",
    benchmark:
        f"{FOLDER}/benchmarks/report/manifest.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1000),
    params:
        dataset=PLAN.dataset,
        config=STUDY.model_dump(mode="json", exclude={"results", "chunks"}),
        digests=[code(script) for script in ALL_SCRIPTS],
        code=code("report_manifest.py"),
    message:
        "Noting what was read, with which versions"
    script:
        "../scripts/report_manifest.py"


rule report:
    input:
        metrics=rules.report_metrics.output.metrics,
        manifest=rules.report_manifest.output.manifest,
        recordings=list(rules.recordings.output),
        features=list(rules.features.output),
        failures=rules.identification.output.failures,
        signals=expand(rules.signals.output, chunk=CHUNKS),
        breaths=expand(rules.breaths.output, chunk=CHUNKS),
        beats=expand(rules.beats.output, chunk=CHUNKS),
        predictions=rules.traits.output.predictions,
        oracle=rules.simulate_oracle.output.oracle if STUDY.dataset.source == "simulated" else [],
        figures=expand(
            "{folder}/figures/{name}.{suffix}",
            folder=FOLDER,
            name=[name for names in FIGURES.values() for name in names],
            suffix=[*STUDY.figures.formats, "tsv"],
        ),
        captions=expand("{folder}/figures/captions-{stage}.tsv", folder=FOLDER, stage=FIGURES),
    output:
        report=report(f"{FOLDER}/report.html", caption="../report/report.rst", category="Report"),
    log:
        f"{FOLDER}/logs/report/report.log",
    benchmark:
        f"{FOLDER}/benchmarks/report/report.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(1500),
    params:
        name=STUDY.name,
        title=STUDY.title,
        report=block("report"),
        figures=block("figures"),
        code=code("report.py"),
    message:
        "Writing the report"
    script:
        "../scripts/report.py"


rule report_notebook:
    input:
        notebook=f"{SCRIPTS.parents[1]}/notebooks/{{notebook}}.ipynb",
        metrics=rules.report_metrics.output.metrics,
        results=[
            *rules.recordings.output,
            *rules.features.output,
            *rules.identification.output,
            *rules.traits.output,
            *rules.adversarial.output,
            *rules.associations.output,
        ],
        chunks=[
            *expand(rules.signals.output, chunk=CHUNKS),
            *expand(rules.breaths.output, chunk=CHUNKS),
            *expand(rules.beats.output, chunk=CHUNKS),
        ],
        figures=rules.report.input.figures,
    output:
        page=report(
            f"{FOLDER}/notebooks/{{notebook}}.html",
            caption="../report/notebook.rst",
            category="Notebooks",
            labels={"notebook": "{notebook}"},
        ),
    log:
        f"{FOLDER}/logs/report/{{notebook}}.log",
    benchmark:
        f"{FOLDER}/benchmarks/report/{{notebook}}.tsv"
    wildcard_constraints:
        notebook=r"\w+",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory(2000),
    params:
        code=code("report_notebook.py"),
    message:
        "Running the notebook {wildcards.notebook}"
    script:
        "../scripts/report_notebook.py"


rule notebooks:
    input:
        pages=expand(rules.report_notebook.output.page, notebook=NOTEBOOKS),
