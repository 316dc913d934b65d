"""The screens: server-rendered pages, a little htmx, one stylesheet of our own."""
