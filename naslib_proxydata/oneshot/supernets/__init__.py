"""Supernets: networks in which every edge mixes its candidate operations."""
