"""How a model's outputs become answers, and how answers are judged: one file a task."""
