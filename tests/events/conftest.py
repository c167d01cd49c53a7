"""Due work whose handlers these tests write themselves."""
