"""Git on this node: the disposable cache of bare repositories, libgit2 for reads, C git for packs."""
