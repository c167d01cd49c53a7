"""The benchmark that anyone can run: `make bench`."""
