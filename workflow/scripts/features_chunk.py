from eupnea.config.features import FeaturesConfig
from eupnea.features.assemble import features_of_chunk
from eupnea.io.contract import (
    BEATS,
    BREATHS,
    CARDIAC,
    CHANNELS,
    INTERVALS,
    QUALITY,
    RECORDING_FEATURES,
    RECORDINGS,
    RESPIRATION,
    WINDOWS,
)
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table

with job(snakemake.log[0]):
    chunk = features_of_chunk(
        read_table(snakemake.input.recordings, RECORDINGS),
        read_table(snakemake.input.intervals, INTERVALS),
        read_table(snakemake.input.channels, CHANNELS),
        read_table(snakemake.input.respiration, RESPIRATION),
        read_table(snakemake.input.cardiac, CARDIAC),
        read_table(snakemake.input.quality, QUALITY),
        read_table(snakemake.input.breaths, BREATHS),
        read_table(snakemake.input.beats, BEATS),
        FeaturesConfig.model_validate(snakemake.params.config),
    )
    write_table(chunk.windows, snakemake.output.windows, WINDOWS)
    write_table(chunk.recordings, snakemake.output.recordings, RECORDING_FEATURES)
    write_table(chunk.set_aside, snakemake.output.set_aside)
