"""The catalogue's index: bitmaps over a memory-mapped segment and a small delta."""
