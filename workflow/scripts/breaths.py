from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.breaths import BreathsConfig
from eupnea.io.contract import BREATHS, CHANNELS, RESPIRATION
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table

with job(snakemake.log[0]):
    respiration = read_table(snakemake.input.respiration, RESPIRATION)
    channels = read_table(snakemake.input.channels, CHANNELS)
    breaths = breaths_of_chunk(respiration, channels, BreathsConfig.model_validate(snakemake.params.config))
    write_table(breaths, snakemake.output.breaths, BREATHS)
