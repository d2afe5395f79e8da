"""Work in a child process with a time limit: converters can take a process with them."""
