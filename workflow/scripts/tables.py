from pathlib import Path

from eupnea.config.tables import TablesConfig
from eupnea.io.job import job
from eupnea.study import Study
from eupnea.tables.methods import write_methods
from eupnea.tables.numbers import write_numbers
from eupnea.tables.write import write_tables

with job(snakemake.log[0]):
    folder = Path(snakemake.output.numbers).parent
    study = Study(folder)
    config = TablesConfig.model_validate(snakemake.params.config)
    write_tables(study, folder / "tables", config=config)
    write_numbers(study, snakemake.output.numbers)
    write_methods(study, folder, config=snakemake.params.study)
