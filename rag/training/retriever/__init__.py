"""The bundled encoder, trained further: a question nearer to the passage that answers it than to those like it."""
