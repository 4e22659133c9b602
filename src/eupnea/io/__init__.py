"""Read and write files: tables, the results contract, code digests."""
