"""Who the customers are: traits and segments from the shop's own data, read where it is."""
