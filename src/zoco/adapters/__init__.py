"""What we call and do not own: SQL, object stores, git."""
