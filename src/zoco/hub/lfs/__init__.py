"""Large objects by their sha256, reached only through a repository."""
