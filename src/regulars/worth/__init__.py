"""What a customer is worth: models of who still buys, how often, and for how much. Numbers in, numbers out."""
