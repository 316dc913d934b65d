"""Tables as files: CSV, XLSX and JSON, streamed with bounded memory; pure, without Django."""
