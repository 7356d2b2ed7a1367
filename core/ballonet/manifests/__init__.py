"""BalloonPolicy documents: their models, the files they come in, and what is said of mistakes in them."""
