"""Programs and servers that stand in for Azure's own: those of the collection scripts, which ask the emulator, and a cluster."""
