from pathlib import Path

from eupnea.config.dataset import DatasetConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.io.contract import CHANNELS, INTERVALS, RECORDINGS
from eupnea.io.job import job
from eupnea.io.tables import write_table
from eupnea.recordings.describe import describe_chunk

with job(snakemake.log[0], reads=snakemake.input.dataset):
    dataset = DatasetConfig.model_validate(snakemake.params.dataset)
    described = describe_chunk(
        dataset,
        RecordingsConfig.model_validate(snakemake.params.config),
        Path(dataset.path),
        list(snakemake.params.participants),
        int(snakemake.wildcards.chunk),
    )
    write_table(described.recordings, snakemake.output.recordings, RECORDINGS)
    write_table(described.channels, snakemake.output.channels, CHANNELS)
    write_table(described.intervals, snakemake.output.intervals, INTERVALS)
    write_table(described.findings, snakemake.output.findings)
