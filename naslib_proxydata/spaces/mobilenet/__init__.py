"""The MobileNet-like space."""
