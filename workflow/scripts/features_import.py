from eupnea.config.dataset import DatasetConfig
from eupnea.features.imported import import_features
from eupnea.features.windows import SET_ASIDE_COLUMNS
from eupnea.io.contract import DICTIONARY, RECORDING_FEATURES, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import write_table

with job(snakemake.log[0], reads=snakemake.input.table):
    imported = import_features(snakemake.input.table[0], dataset=DatasetConfig.model_validate(snakemake.params.config))
    write_table(imported.windows, snakemake.output.windows, WINDOWS)
    write_table(RECORDING_FEATURES.empty(), snakemake.output.recordings, RECORDING_FEATURES)
    write_table(imported.windows.head(0).reindex(columns=list(SET_ASIDE_COLUMNS)), snakemake.output.set_aside)
    write_table(imported.dictionary, snakemake.output.dictionary, DICTIONARY)
