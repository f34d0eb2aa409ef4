"""Repositories: who may open them, their refs, commits, trees and files."""
