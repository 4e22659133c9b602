"""Breaths: where they start and end, their pauses, volumes and sighs."""
