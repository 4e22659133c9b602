import hashlib
from pathlib import Path

from eupnea.config.dataset import DatasetConfig
from eupnea.io.job import job
from eupnea.recordings.pseudonyms import file_aliases
from eupnea.report.manifest import manifest_of, write_manifest

with job(snakemake.log[0]):
    dataset = DatasetConfig.model_validate(snakemake.params.dataset)
    base = Path(dataset.path)
    manifest = manifest_of(
        snakemake.params.config,
        code=hashlib.sha256("".join(snakemake.params.digests).encode()).hexdigest()[:16],
        base=base,
        inputs=list(snakemake.input.files),
        aliases=file_aliases(dataset, base),
    )
    write_manifest(manifest, snakemake.output.manifest)
