"""Who may sign in, and what they see and do: users, roles, PINs, sessions, tokens, audit log."""
