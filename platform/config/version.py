"""The one version number of the platform."""

VERSION = "0.1.0"
