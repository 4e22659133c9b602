from pathlib import Path

from eupnea.config.simulate import SimulateConfig
from eupnea.io.job import job
from eupnea.io.tables import write_table
from eupnea.simulate.dataset import write_participants

with job(snakemake.log[0]):
    config = SimulateConfig.model_validate(snakemake.params.config)
    files, truth = write_participants(
        config, snakemake.params.seed, Path(snakemake.input.description).parent, list(snakemake.params.participants)
    )
    write_table(truth, snakemake.output.truth)
    write_table(files, snakemake.output.files)
