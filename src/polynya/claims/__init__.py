"""What is reported: the ledger of claims, how it is checked, drafted, reviewed and used."""
