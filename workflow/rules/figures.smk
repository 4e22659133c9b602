from eupnea.figures.registry import FIGURES

ALL_METRICS = f"{FOLDER}/metrics.tsv"
FIGURE_INPUTS = {
    "recordings": [*rules.recordings.output],
    "signals": [
        *rules.recordings.output,
        *expand(rules.signals.output, chunk=CHUNKS),
        *expand(rules.breaths.output, chunk=CHUNKS),
        *expand(rules.beats.output, chunk=CHUNKS),
    ],
    "identification": [ALL_METRICS, *rules.identification.output, *rules.recordings.output],
    "traits": [ALL_METRICS, *rules.traits.output, *rules.recordings.output],
    "adversarial": [ALL_METRICS, *rules.adversarial.output, *rules.recordings.output],
    "associations": [
        ALL_METRICS,
        *rules.associations.output,
        rules.features.output.dictionary,
        *rules.recordings.output,
    ],
}

if STUDY.dataset.source == "simulated":
    for stage in FIGURE_INPUTS:
        FIGURE_INPUTS[stage].append(rules.simulate_oracle.output.oracle)

for stage, names in FIGURES.items():

    rule:
        name:
            f"figures_{stage}"
        input:
            tables=FIGURE_INPUTS[stage],
        output:
            figures=[
                shown_figure(name, suffix, stage)
                for name in names
                for suffix in [*STUDY.figures.formats, "tsv"]
            ],
            captions=f"{FOLDER}/figures/captions-{stage}.tsv",
        log:
            f"{FOLDER}/logs/figures/{stage}.log",
        benchmark:
            f"{FOLDER}/benchmarks/figures/{stage}.tsv"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory(1500),
        params:
            stage=stage,
            config=block("figures"),
            drawing=script_digest(SCRIPTS / "figures.py", also=[f"eupnea.figures.{stage}"]),
        message:
            "Drawing the figures"
        script:
            "../scripts/figures.py"
