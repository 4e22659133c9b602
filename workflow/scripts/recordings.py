from pathlib import Path

from eupnea.config.dataset import DatasetConfig
from eupnea.io.contract import CHANNELS, INTERVALS, RECORDINGS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, stack_tables, write_table
from eupnea.recordings.findings import findings_frame
from eupnea.recordings.merge import check_recordings, copies_between_people, recordings_of_chunks
from eupnea.recordings.participants import read_people
from eupnea.recordings.targets import targets_table

with job(snakemake.log[0], reads=snakemake.input.people):
    dataset = DatasetConfig.model_validate(snakemake.params.dataset)
    base = Path(dataset.path)
    recordings = recordings_of_chunks([read_table(path, RECORDINGS) for path in snakemake.input.recordings])
    check_recordings(recordings, dataset)
    people = read_people(dataset, base, recordings)
    targets = targets_table(dataset, base, recordings, people.table)
    intervals = stack_tables(
        [read_table(path, INTERVALS) for path in snakemake.input.intervals], by=["recording", "onset_s", "role"]
    )
    channels = concat_tables([read_table(path, CHANNELS) for path in snakemake.input.channels], CHANNELS)
    found = [*people.findings, *copies_between_people(channels, recordings)]
    findings = [findings_frame(found), *(read_table(path) for path in snakemake.input.findings)]
    write_table(stack_tables(findings, by=["recording", "what", "where"]), snakemake.output.findings)
    write_table(people.table, snakemake.output.participants)
    write_table(targets, snakemake.output.targets)
    write_table(intervals, snakemake.output.intervals, INTERVALS)
    write_table(recordings, snakemake.output.recordings, RECORDINGS)
