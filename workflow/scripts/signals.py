from pathlib import Path

from eupnea.config.dataset import DatasetConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.io.contract import CARDIAC, CHANNELS, INTERVALS, QUALITY, RESPIRATION
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table
from eupnea.recordings.load import load_signals
from eupnea.recordings.pseudonyms import file_aliases
from eupnea.recordings.readers.registry import limits_of
from eupnea.signals.clean import clean_chunk

with job(snakemake.log[0], reads=snakemake.input.dataset):
    channels = read_table(snakemake.input.channels, CHANNELS)
    intervals = read_table(snakemake.input.intervals, INTERVALS)
    dataset = DatasetConfig.model_validate(snakemake.params.dataset)
    limits = limits_of(RecordingsConfig.model_validate(snakemake.params.recordings))
    base = Path(dataset.path)
    raw = load_signals(base, channels, limits=limits, aliases=file_aliases(dataset, base) if len(channels) else None)
    chunk = clean_chunk(raw, channels, intervals, SignalsConfig.model_validate(snakemake.params.config))
    write_table(chunk.respiration, snakemake.output.respiration, RESPIRATION)
    write_table(chunk.cardiac, snakemake.output.cardiac, CARDIAC)
    write_table(chunk.quality, snakemake.output.quality, QUALITY)
    write_table(chunk.notes, snakemake.output.notes)
