"""Gates: rules that hold a model against its task's policy, each with numbers and a reason."""
