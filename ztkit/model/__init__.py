"""What things are: immutable, checked at the file boundaries, without behaviour of their own."""
