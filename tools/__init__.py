"""What sets the checkout up and keeps generated files fresh; nothing here runs on the platform."""
