"""Who may do what: roles, sign-in, and the audit log of what was done."""
