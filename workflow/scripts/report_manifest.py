import hashlib
from pathlib import Path

from eupnea.config.dataset import DatasetConfig
from eupnea.io.job import job
from eupnea.recordings.pseudonyms import errors_without_file_names, file_aliases
from eupnea.report.manifest import manifest_of, write_manifest

with job(snakemake.log[0], reads=snakemake.input.files):
    dataset = DatasetConfig.model_validate(snakemake.params.dataset)
    base = Path(dataset.path)
    aliases = file_aliases(dataset, base)
    with errors_without_file_names(aliases):
        manifest = manifest_of(
            snakemake.params.config,
            code=hashlib.sha256("".join(snakemake.params.digests).encode()).hexdigest()[:16],
            base=base,
            inputs=list(snakemake.input.files),
            aliases=aliases,
        )
    write_manifest(manifest, snakemake.output.manifest)
