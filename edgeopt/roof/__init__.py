"""What a device can do at most, measured there by the runtimes' own kernels, and kept."""
