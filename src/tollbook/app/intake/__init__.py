"""How records become calls: sources, files, the raw log read, mediation, drafts, storing."""
