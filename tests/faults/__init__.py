"""The fault harness: workers that are killed, a provider that fails, and a count of what really went out."""
