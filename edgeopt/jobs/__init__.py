"""Work in a child process with a time limit: converters are C++ and can take a process with them."""
