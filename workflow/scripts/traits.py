from eupnea.config.traits import TraitsConfig
from eupnea.io.contract import METRICS, TRAIT_PREDICTIONS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, write_table
from eupnea.traits.compare import compare_traits

with job(snakemake.log[0]):
    predictions = [read_table(path, TRAIT_PREDICTIONS) for path in snakemake.input.predictions]
    metrics = compare_traits(
        [read_table(path, METRICS) for path in snakemake.input.metrics],
        predictions,
        config=TraitsConfig.model_validate(snakemake.params.config),
        seed=snakemake.params.seed,
    )
    write_table(concat_tables(predictions, TRAIT_PREDICTIONS), snakemake.output.predictions)
    write_table(concat_tables([read_table(path) for path in snakemake.input.curves]), snakemake.output.curves)
    write_table(metrics, snakemake.output.metrics, METRICS)
