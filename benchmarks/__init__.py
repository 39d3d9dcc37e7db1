"""What the project's promises about speed are measured with: `python -m benchmarks`."""
