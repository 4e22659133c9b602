from pathlib import Path

from eupnea.config.figures import FiguresConfig
from eupnea.figures.stage import draw_stage
from eupnea.io.job import job
from eupnea.study import Study

with job(snakemake.log[0]):
    folder = Path(snakemake.output.captions).parent
    draw_stage(
        Study(folder.parent),
        snakemake.params.stage,
        config=FiguresConfig.model_validate(snakemake.params.config),
        folder=folder,
    )
