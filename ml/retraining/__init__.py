"""Retraining by itself: what asks for it, whether it may, and what follows."""
