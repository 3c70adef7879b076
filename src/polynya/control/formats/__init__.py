"""In which form do others keep ownership? Readers and writers; each says what it could not carry over."""
