from pathlib import Path

from eupnea.config.identification import IdentificationConfig
from eupnea.identification.compare import compare
from eupnea.identification.failures import failures
from eupnea.identification.family import correct_family
from eupnea.io.contract import FAILURES, METRICS, RECORDINGS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, join_parts, read_table, write_table

with job(snakemake.log[0]):
    recordings = read_table(snakemake.input.recordings, RECORDINGS)
    participants = read_table(snakemake.input.participants)
    config = IdentificationConfig.model_validate(snakemake.params.config)
    metrics = [read_table(path, METRICS) for path in snakemake.input.metrics]
    by_modality = dict(zip(snakemake.params.modalities, map(Path, snakemake.input.scores), strict=True))
    metrics.append(compare(by_modality, recordings, config=config, seed=snakemake.params.seed))
    join_parts(snakemake.input.scores, snakemake.output.scores)
    write_table(concat_tables([read_table(path) for path in snakemake.input.curves]), snakemake.output.curves)
    write_table(concat_tables([read_table(path) for path in snakemake.input.people]), snakemake.output.people)
    write_table(failures(recordings, participants), snakemake.output.failures, FAILURES)
    nulls = concat_tables([read_table(path) for path in snakemake.input.nulls])
    write_table(correct_family(concat_tables(metrics, METRICS), nulls), snakemake.output.metrics, METRICS)
