"""Local copies of customers and contacts, fed by the customer service."""
