"""Git LFS over HTTP: batch, transfers, verify."""
