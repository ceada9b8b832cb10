"""Running the jobs of Azure ML for real, as processes on this machine."""
