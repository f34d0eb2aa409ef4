"""Immutable bytes under a key: memory, a folder, or an object store."""
