from eupnea.beats.chunk import beats_of_chunk
from eupnea.beats.plausible import beat_quality
from eupnea.config.beats import BeatsConfig
from eupnea.io.contract import BEAT_QUALITY, BEATS, CARDIAC, QUALITY
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table

with job(snakemake.log[0]):
    cardiac = read_table(snakemake.input.cardiac, CARDIAC)
    config = BeatsConfig.model_validate(snakemake.params.config)
    beats = beats_of_chunk(cardiac, config)
    write_table(beats, snakemake.output.beats, BEATS)
    judged = beat_quality(read_table(snakemake.input.quality, QUALITY), beats, config)
    write_table(judged, snakemake.output.quality, BEAT_QUALITY)
