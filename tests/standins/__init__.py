"""Programs that stand in for Azure's own in tests of the collection scripts, and ask the emulator."""
