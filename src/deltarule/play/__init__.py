"""The page: any network learns before one's eyes, forwards and backwards, with every number true."""
