"""Who may do what, from where: role assignments and network reachability."""
