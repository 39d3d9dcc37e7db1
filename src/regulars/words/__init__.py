"""What we say: templates become messages. The only door to a project's templates, and to Jinja2 for them."""
