"""Git's smart protocol over HTTP."""
