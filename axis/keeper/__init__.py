"""The process that keeps: outbox, waiting documents, deadlines, figures."""
