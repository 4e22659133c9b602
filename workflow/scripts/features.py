from eupnea.config.features import FeaturesConfig
from eupnea.features.dictionary import dictionary
from eupnea.io.contract import DICTIONARY, RECORDING_FEATURES, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import read_table, stack_tables, write_table

with job(snakemake.log[0]):
    by_window = ["recording", "window_s", "start_s"]
    windows = stack_tables([read_table(path, WINDOWS) for path in snakemake.input.windows], by=by_window)
    write_table(windows, snakemake.output.windows, WINDOWS)
    recordings = stack_tables([read_table(path) for path in snakemake.input.recordings], by=["recording"])
    write_table(recordings, snakemake.output.recordings, RECORDING_FEATURES)
    set_aside = stack_tables([read_table(path) for path in snakemake.input.set_aside], by=by_window)
    write_table(set_aside, snakemake.output.set_aside)
    config = FeaturesConfig.model_validate(snakemake.params.config)
    write_table(dictionary(config.timeseries), snakemake.output.dictionary, DICTIONARY)
