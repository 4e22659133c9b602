from eupnea.config.identification import IdentificationConfig
from eupnea.identification.identify import identify
from eupnea.io.contract import DICTIONARY, METRICS, RECORDINGS, SCORES, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import read_table, table_parts_to, write_table

with job(snakemake.log[0]), table_parts_to(snakemake.output.scores, SCORES) as write_scores:
    result = identify(
        read_table(snakemake.input.windows, WINDOWS),
        read_table(snakemake.input.recordings, RECORDINGS),
        read_table(snakemake.input.participants),
        read_table(snakemake.input.dictionary, DICTIONARY),
        modality=snakemake.wildcards.modality,
        config=IdentificationConfig.model_validate(snakemake.params.config),
        seed=snakemake.params.seed,
        write_scores=write_scores,
    )
    write_table(result.metrics, snakemake.output.metrics, METRICS)
    write_table(result.curves, snakemake.output.curves)
    write_table(result.people, snakemake.output.people)
    write_table(result.nulls, snakemake.output.nulls)
