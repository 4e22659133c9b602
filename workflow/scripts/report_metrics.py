from eupnea.io.contract import METRICS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, write_table

with job(snakemake.log[0]):
    metrics = [read_table(path, METRICS) for path in snakemake.input.metrics]
    write_table(concat_tables(metrics, METRICS), snakemake.output.metrics)
