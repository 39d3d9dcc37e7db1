"""What a shop's rows add up to month by month, by the shop's clock: orders, products, mentions."""
