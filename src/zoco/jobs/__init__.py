"""What happens later: the outbox, its workers and their schedule."""
