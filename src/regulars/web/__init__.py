"""HTTP: the pages that messages lead to, and what operators look at. The only door to FastAPI."""
