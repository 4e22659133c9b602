from eupnea.adversarial.analyses import age_models, invariance
from eupnea.config.adversarial import AdversarialConfig
from eupnea.io.contract import ADVERSARIAL_PREDICTIONS, DICTIONARY, METRICS, RECORDINGS, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table

with job(snakemake.log[0]):
    analyse = {"age_models": age_models, "invariance": invariance}[snakemake.wildcards.analysis]
    result = analyse(
        read_table(snakemake.input.windows, WINDOWS),
        read_table(snakemake.input.recordings, RECORDINGS),
        read_table(snakemake.input.participants),
        read_table(snakemake.input.dictionary, DICTIONARY),
        modality=snakemake.wildcards.modality,
        config=AdversarialConfig.model_validate(snakemake.params.config),
        seed=snakemake.params.seed,
    )
    write_table(result.predictions, snakemake.output.predictions, ADVERSARIAL_PREDICTIONS)
    write_table(result.metrics, snakemake.output.metrics, METRICS)
    write_table(result.curves, snakemake.output.curves)
