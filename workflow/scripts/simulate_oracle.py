from eupnea.config.simulate import SimulateConfig
from eupnea.io.job import job
from eupnea.io.tables import write_table
from eupnea.simulate.observer import oracle

with job(snakemake.log[0]):
    config = SimulateConfig.model_validate(snakemake.params.config)
    write_table(oracle(config, snakemake.params.seed), snakemake.output.oracle)
