"""The keys that personal values are sealed with, and how they are; reaches no database."""
