"""Whether 95 % intervals of metrics hold the true value 95 times of 100."""
