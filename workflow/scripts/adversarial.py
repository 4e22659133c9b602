from eupnea.io.contract import ADVERSARIAL_PREDICTIONS, METRICS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, write_table

with job(snakemake.log[0]):
    for name, contract in (("predictions", ADVERSARIAL_PREDICTIONS), ("metrics", METRICS), ("curves", None)):
        tables = [read_table(path, contract) for path in snakemake.input[name]]
        write_table(concat_tables(tables, contract), snakemake.output[name])
