"""What people do around repositories: likes."""
