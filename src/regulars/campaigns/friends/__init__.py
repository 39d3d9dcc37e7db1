"""Friends who came with somebody's code: whether they count, and what it is worth."""
