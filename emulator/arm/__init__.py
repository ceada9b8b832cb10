"""Azure Resource Manager: resource ids, the store, generic behaviour and what types add to it."""
