"""Who and what there is: PBXs, extensions, departments, owners, account codes, and who pays."""
