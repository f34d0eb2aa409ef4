"""What a person types: zoco VERB."""
