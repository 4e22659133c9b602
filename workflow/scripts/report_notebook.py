from pathlib import Path

from eupnea.io.job import job
from eupnea.report.notebook import run_notebook

with job(snakemake.log[0]):
    run_notebook(snakemake.input.notebook, snakemake.output.page, study=Path(snakemake.output.page).parent.parent)
