"""What spaces of genotype cells share: DARTS's, and those of NDS."""
