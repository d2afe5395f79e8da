"""Small models that once went wrong, each through a whole run."""
