"""An evening of shared taxis, for demonstrations: what people do in them, and when."""
