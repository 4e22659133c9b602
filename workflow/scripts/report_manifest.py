import hashlib
from pathlib import Path

from eupnea.io.job import job
from eupnea.report.manifest import manifest_of, write_manifest

with job(snakemake.log[0]):
    manifest = manifest_of(
        snakemake.params.config,
        code=hashlib.sha256("".join(snakemake.params.digests).encode()).hexdigest()[:16],
        base=Path(snakemake.params.dataset["path"]),
        inputs=list(snakemake.input.files),
    )
    write_manifest(manifest, snakemake.output.manifest)
