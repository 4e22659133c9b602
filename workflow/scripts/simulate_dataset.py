from pathlib import Path

from eupnea.config.simulate import SimulateConfig
from eupnea.io.job import job
from eupnea.simulate.dataset import write_dataset_root

with job(snakemake.log[0]):
    config = SimulateConfig.model_validate(snakemake.params.config)
    write_dataset_root(config, snakemake.params.seed, Path(snakemake.output.description).parent)
