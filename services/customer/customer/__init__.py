"""Who the customer is, and what they hold and have agreed to."""
