from eupnea.config.dataset import DatasetConfig
from eupnea.io.job import job
from eupnea.recordings.download import download_dataset

with job(snakemake.log[0]):
    download_dataset(DatasetConfig.model_validate(snakemake.params.dataset))
