from eupnea.config.traits import TraitsConfig
from eupnea.io.contract import METRICS, RECORDING_FEATURES, RECORDINGS, TRAIT_PREDICTIONS, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import read_table, write_table
from eupnea.traits.predict import predict_traits

with job(snakemake.log[0]):
    result = predict_traits(
        read_table(snakemake.input.windows, WINDOWS),
        read_table(snakemake.input.recording_features, RECORDING_FEATURES),
        read_table(snakemake.input.recordings, RECORDINGS),
        read_table(snakemake.input.participants),
        read_table(snakemake.input.targets),
        modality=snakemake.wildcards.modality,
        config=TraitsConfig.model_validate(snakemake.params.config),
        seed=snakemake.params.seed,
    )
    write_table(result.predictions, snakemake.output.predictions, TRAIT_PREDICTIONS)
    write_table(result.metrics, snakemake.output.metrics, METRICS)
    write_table(result.curves, snakemake.output.curves)
