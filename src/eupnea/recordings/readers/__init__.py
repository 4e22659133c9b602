"""Readers: one function per file format, from a file to its signals."""
