"""What the notebooks are taught on: small machines made for one question each, and stopwatches."""
