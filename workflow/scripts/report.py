from pathlib import Path

from eupnea.config.figures import FiguresConfig
from eupnea.config.report import ReportConfig
from eupnea.io.job import job
from eupnea.report.write import write_report
from eupnea.study import Study

with job(snakemake.log[0]):
    write_report(
        Study(Path(snakemake.output.report).parent),
        snakemake.output.report,
        title=snakemake.params.title or f"Study {snakemake.params.name}",
        config=ReportConfig.model_validate(snakemake.params.report),
        dpi=FiguresConfig.model_validate(snakemake.params.figures).png_dpi,
    )
