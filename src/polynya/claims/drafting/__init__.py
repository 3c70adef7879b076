"""How a draft ledger is made from an article: rules by default, another drafter by choice."""
