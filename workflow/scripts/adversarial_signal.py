from pathlib import Path

from eupnea.adversarial.carry import Carrier
from eupnea.adversarial.disturbed import signal_attacks
from eupnea.config.dataset import DatasetConfig
from eupnea.config.study import StudyConfig
from eupnea.io.contract import ADVERSARIAL_PREDICTIONS, CHANNELS, INTERVALS, METRICS, RECORDINGS, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, write_table
from eupnea.recordings.pseudonyms import file_aliases

with job(snakemake.log[0], reads=snakemake.input.dataset):
    study = StudyConfig.model_validate(snakemake.params.blocks)
    windows = read_table(snakemake.input.windows, WINDOWS)
    known = {
        name: concat_tables([read_table(path, contract) for path in snakemake.input[name]], contract)
        for name, contract in (("recordings", RECORDINGS), ("channels", CHANNELS), ("intervals", INTERVALS))
    }
    dataset = DatasetConfig.model_validate(snakemake.params.dataset)
    base = Path(dataset.path)
    carrier = Carrier(
        base,
        study=study,
        window_s=study.adversarial.window_s or min(study.features.window_s),
        aliases=file_aliases(dataset, base),
        **known,
    )
    result = signal_attacks(
        windows,
        read_table(snakemake.input.participants),
        carrier,
        config=study.adversarial,
        seed=snakemake.params.seed,
    )
    write_table(result.predictions, snakemake.output.predictions, ADVERSARIAL_PREDICTIONS)
    write_table(result.metrics, snakemake.output.metrics, METRICS)
    write_table(result.curves, snakemake.output.curves)
