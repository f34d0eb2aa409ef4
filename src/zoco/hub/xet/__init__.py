"""Chunks, xorbs and the files made of them: this room has never heard of a repository."""
