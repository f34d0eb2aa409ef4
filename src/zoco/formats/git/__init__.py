"""Git's own formats: pkt-lines, objects, trees, packs, attributes."""
