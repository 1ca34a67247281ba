"""Changed copies of training rows, made block by block: images and tables."""
