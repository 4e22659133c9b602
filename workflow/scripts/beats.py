from eupnea.beats.chunk import beats_of_chunk
from eupnea.config.beats import BeatsConfig
from eupnea.io.contract import BEATS, CARDIAC
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table

with job(snakemake.log[0]):
    cardiac = read_table(snakemake.input.cardiac, CARDIAC)
    beats = beats_of_chunk(cardiac, BeatsConfig.model_validate(snakemake.params.config))
    write_table(beats, snakemake.output.beats, BEATS)
