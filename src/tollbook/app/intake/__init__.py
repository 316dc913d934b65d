"""How a call that a format read is placed, priced and stored: sources, files, mediation, drafts."""
