from eupnea.beats.plausible import with_beats
from eupnea.config.features import FeaturesConfig
from eupnea.features.assemble import features_of_chunk
from eupnea.io.contract import (
    BEAT_QUALITY,
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
    quality = read_table(snakemake.input.quality, QUALITY)
    beat_quality = read_table(snakemake.input.beat_quality, BEAT_QUALITY)
    chunk = features_of_chunk(
        read_table(snakemake.input.recordings, RECORDINGS),
        read_table(snakemake.input.intervals, INTERVALS),
        read_table(snakemake.input.channels, CHANNELS),
        read_table(snakemake.input.respiration, RESPIRATION),
        read_table(snakemake.input.cardiac, CARDIAC),
        with_beats(quality, beat_quality),
        read_table(snakemake.input.breaths, BREATHS),
        read_table(snakemake.input.beats, BEATS),
        FeaturesConfig.model_validate(snakemake.params.config),
    )
    write_table(chunk.windows, snakemake.output.windows, WINDOWS)
    write_table(chunk.recordings, snakemake.output.recordings, RECORDING_FEATURES)
    write_table(chunk.set_aside, snakemake.output.set_aside)
