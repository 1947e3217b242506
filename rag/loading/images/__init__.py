"""Text in pictures: recognised by networks that are inside a package, without a download."""
