"""How classes and attributes are defined: formulas of computed attributes, versions and previews of the model."""
