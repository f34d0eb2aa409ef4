"""Foreign bytes to values and back. Pure: nothing here opens a file or a socket."""
