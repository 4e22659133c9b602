from eupnea.config.dataset import DatasetConfig
from eupnea.features.imported import import_features, recordings_of
from eupnea.io.contract import INTERVALS, RECORDINGS
from eupnea.io.job import job
from eupnea.io.tables import write_table
from eupnea.recordings.findings import findings_frame

with job(snakemake.log[0], reads=snakemake.input.table):
    imported = import_features(snakemake.input.table[0], dataset=DatasetConfig.model_validate(snakemake.params.config))
    write_table(recordings_of(imported.windows), snakemake.output.recordings, RECORDINGS)
    write_table(imported.participants, snakemake.output.participants)
    write_table(imported.targets, snakemake.output.targets)
    write_table(INTERVALS.empty(), snakemake.output.intervals, INTERVALS)
    write_table(findings_frame([]), snakemake.output.findings)
