"""How the ledger came to its present schema, step by step."""
