"""Git LFS: pointers and the batch API's values."""
