from eupnea.associations.mixed import mixed_models
from eupnea.associations.reliability import reliability
from eupnea.config.associations import AssociationsConfig
from eupnea.io.contract import DICTIONARY, METRICS, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, write_table

with job(snakemake.log[0]):
    windows = read_table(snakemake.input.windows, WINDOWS)
    recordings = read_table(snakemake.input.recordings)
    participants = read_table(snakemake.input.participants)
    dictionary = read_table(snakemake.input.dictionary, DICTIONARY)
    config = AssociationsConfig.model_validate(snakemake.params.config)
    rows = [
        reliability(windows, recordings, dictionary, config=config),
        mixed_models(windows, participants, dictionary, config=config),
    ]
    write_table(concat_tables(rows, METRICS), snakemake.output.metrics)
