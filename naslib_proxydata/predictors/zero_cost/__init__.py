"""Zero-cost proxies, one a file, each after its paper."""
