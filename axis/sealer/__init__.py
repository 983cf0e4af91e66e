"""The process that seals: one at a time, all others stand by."""
