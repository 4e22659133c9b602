from __future__ import annotations

from pathlib import Path

from eupnea.config.dataset import DatasetConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.io.contract import CHANNELS, INTERVALS, RECORDINGS
from eupnea.io.job import job
from eupnea.io.tables import write_table
from eupnea.recordings.describe import describe_chunk

with job(snakemake.log[0]):
    described = describe_chunk(
        DatasetConfig.model_validate(snakemake.params.dataset),
        RecordingsConfig.model_validate(snakemake.params.config),
        Path(snakemake.params.base),
        list(snakemake.params.participants),
        int(snakemake.wildcards.chunk),
    )
    write_table(described.recordings, snakemake.output.recordings, RECORDINGS)
    write_table(described.channels, snakemake.output.channels, CHANNELS)
    write_table(described.intervals, snakemake.output.intervals, INTERVALS)
