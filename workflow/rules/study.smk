import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Snakemake reads scripts with nbformat, whose import compiles grammars of web addresses for seconds; none is checked here.
sys.modules.setdefault("rfc3987_syntax", None)

try:
    from eupnea.config.load import parse_study, refuse_templates
    from eupnea.errors import EupneaError
    from eupnea.io.digest import script_digest
    from eupnea.io.owners import claim
    from eupnea.recordings.plan import plan_study
except ModuleNotFoundError as error:
    raise WorkflowError(
        f"{error}. Run 'make setup', then start snakemake from the environment it made: .venv/bin/snakemake"
    ) from None

try:
    refuse_templates(workflow.configfiles or ["config.yaml"])
except EupneaError as error:
    raise WorkflowError(str(error)) from None

if not workflow.configfiles:

    configfile: "config.yaml"


try:
    STUDY = parse_study(config, where=str([*workflow.configfiles, "config.yaml"][0]))
    FOLDER = STUDY.folder.as_posix()
    HAS_SIGNALS = STUDY.dataset.source != "features"
    CHUNKS = [f"{chunk:03d}" for chunk in range(STUDY.chunks)] if HAS_SIGNALS else []
    PLAN = plan_study(STUDY)
except EupneaError as error:
    raise WorkflowError(str(error)) from None

SCRIPTS = Path(str(workflow.current_basedir)).parent / "scripts"


def block(name):
    """Give a block of the study config as plain values, for the parameters of a rule."""
    return getattr(STUDY, name).model_dump(mode="json")


def code(script):
    """Give the digest of every module of the package that a script of this workflow reaches."""
    return script_digest(SCRIPTS / script)


def memory(megabytes):
    """Give the memory that a job asks for; a retry after a job that was stopped for its memory asks for more."""
    return lambda wildcards, attempt: megabytes * attempt


def participants_of_chunk(wildcards):
    """Give the participants of a chunk."""
    return PLAN.participants[int(wildcards.chunk)]


def dataset_of_chunk(wildcards):
    """Give the files of the dataset that a chunk depends on."""
    return PLAN.files[int(wildcards.chunk)]


CATEGORIES = {
    "recordings": "Recordings",
    "signals": "Signals",
    "identification": "Identification",
    "traits": "Traits",
    "adversarial": "Age models",
    "associations": "Reliability and effects",
}
SHOWN_SUFFIX = "svg" if "svg" in STUDY.figures.formats else "png"


def shown_figure(name, suffix, stage):
    """Give a file of a figure; one format of each carries caption and category for snakemake --report."""
    path = f"{FOLDER}/figures/{name}.{suffix}"
    if suffix != SHOWN_SUFFIX:
        return path
    return report(
        path,
        caption=f"../report/figures/{name}.rst",
        category=CATEGORIES[stage],
        subcategory="Figures",
        labels={"shows": name.replace("_", " ")},
    )


def shown_table(name):
    """Give a table with caption and category for snakemake --report."""
    return report(
        f"{FOLDER}/tables/{name}.tsv",
        caption=f"../report/tables/{name}.rst",
        category="Tables",
        labels={"shows": name.replace("_", " ")},
    )


if workflow.is_main_process:
    claim(os.getcwd(), FOLDER)
