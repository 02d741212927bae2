"""How fast is it, against what: figures and ratios, each against a baseline of the same run."""
