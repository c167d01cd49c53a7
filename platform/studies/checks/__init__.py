"""The semantic checks of a study file, by subject. Each says everything that it finds."""
