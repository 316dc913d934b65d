"""The command bodies, one module a verb, loaded only when their verb is called."""
