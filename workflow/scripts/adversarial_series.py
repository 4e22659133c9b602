import numpy as np

from eupnea.adversarial.series import choose_windows, cut_series, series_models
from eupnea.config.adversarial import AdversarialConfig
from eupnea.io.contract import ADVERSARIAL_PREDICTIONS, BEATS, METRICS, RESPIRATION, WINDOWS
from eupnea.io.job import job
from eupnea.io.tables import concat_tables, read_table, write_table

with job(snakemake.log[0]):
    config = AdversarialConfig.model_validate(snakemake.params.config)
    chosen = choose_windows(read_table(snakemake.input.windows, WINDOWS), config=config)
    parts = []
    for respiration, beats in zip(snakemake.input.respiration, snakemake.input.beats, strict=True):
        breathing, heart = read_table(respiration, RESPIRATION), read_table(beats, BEATS)
        mine = chosen[chosen["recording"].isin({*breathing["recording"], *heart["recording"]})]
        if len(mine):
            parts.append((mine, cut_series(mine, breathing, heart)))
    order = np.argsort(np.concatenate([mine.index for mine, _ in parts]), kind="stable") if parts else []
    result = series_models(
        concat_tables([mine for mine, _ in parts]).iloc[order].reset_index(drop=True) if parts else chosen.head(0),
        {name: np.concatenate([series[name] for _, series in parts])[order] for name in (parts[0][1] if parts else ())},
        read_table(snakemake.input.participants),
        config=config,
        seed=snakemake.params.seed,
    )
    write_table(result.predictions, snakemake.output.predictions, ADVERSARIAL_PREDICTIONS)
    write_table(result.metrics, snakemake.output.metrics, METRICS)
    write_table(result.curves, snakemake.output.curves)
