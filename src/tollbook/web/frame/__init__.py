"""What all pages share: menu, permissions, lists, periods, files, notices, the search."""
