from pathlib import Path

from eupnea.io.job import job
from eupnea.study import Study
from eupnea.tables.chapter import write_chapter

with job(snakemake.log[0]):
    folder = Path(snakemake.output.example).parent
    write_chapter(Study(folder.parent), folder)
